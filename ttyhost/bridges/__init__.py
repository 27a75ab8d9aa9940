"""Where the bytes of a line leave for other worlds: descriptors, OS ptys, TUN interfaces.

A bridge joins the line side, an open tty file of a host, with an upper side. All of them run on
one selector loop in one thread (``ttyhost.bridges.loop``) and hold back whichever side is faster.
"""

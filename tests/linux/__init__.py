"""n_tty against the real kernel: the same script on a Linux pty and on ours, compared step by step."""

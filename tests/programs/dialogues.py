"""What users do with real programs: what they wait for on the screen, and the keys they press then.

The last keys end the program. ``sh`` stands for the POSIX shell of the machine; every dialogue has
a directory of its own with the file ``numbers``: 1 to 60, a line each.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

PYTHON = (sys.executable, "-I", "-q")
BASH = ("bash", "--norc", "--noprofile", "-i")
NESTED = (sys.executable, "-m", "ttyhost", "run", "--")
VIM = ("vim", "-u", "NONE", "-i", "NONE", "-N", "-n", "--cmd", "set showmode", "numbers")
SLEEP = b"sh -c 'echo go; exec sleep 99'"
"""A job that says itself when it is in the foreground: a key before that is for the shell."""
UP, LEFT = b"\x1b[A", b"\x1b[D"

SUDO_LIKE = """
import termios
tty = open("/dev/tty", "r+b", buffering=0)
old = termios.tcgetattr(tty)
new = old[:]
new[3] &= ~(termios.ECHO | termios.ECHOE | termios.ECHOK)
password = b""
while password != b"same":
    if password: tty.write(b"Sorry, try again.\\r\\n")
    termios.tcsetattr(tty, termios.TCSAFLUSH, new)
    tty.write(b"[sudo] password for root: ")
    password = tty.read(100).strip()
    tty.write(b"\\n")
    termios.tcsetattr(tty, termios.TCSAFLUSH, old)
print("you may")
"""


class Dialogue(NamedTuple):
    name: str
    command: tuple[str, ...]
    steps: tuple[tuple[str, bytes], ...]
    """(pattern on the screen, keys)"""
    peers: tuple[str, ...] = ()


def sh(program: str, before: str = ":") -> tuple[str, ...]:
    """A script that says when it is ready, lest keys come before the terminal is as it shall be."""
    return ("sh", "-c", f"{before}; echo ready; {program}")


READY = r"ready\n"

DIALOGUES = (
    # ------------------------------------------------------------ lines, as the terminal edits them
    Dialogue("cat", sh("cat"), ((READY, b"hello\r"), (r"hello\nhello", b"\x04"))),
    Dialogue("erase", sh("cat"), ((READY, b"hexx\x7f\x7fllo\r"), (r"hello\nhello", b"\x04"))),
    Dialogue("kill", sh("cat"), ((READY, b"all of it\x15new\r"), (r"new\nnew", b"\x04"))),
    Dialogue("word-erase", sh("cat"), ((READY, b"one two  \x17three\r"), (r"one three\none three", b"\x04"))),
    Dialogue("reprint", sh("cat"), ((READY, b"again\x12!\r"), (r"again!\nagain!", b"\x04"))),
    Dialogue(
        "literal-next", sh("cat -v"), ((READY, b"a\x16\x03b\x16\x7f\r"), (r"\na\^Cb\^\?\na\^Cb", b"\x04"))
    ),
    Dialogue(
        "end-of-file-in-a-line",
        sh("cat"),
        ((READY, b"part\x04"), (r"partpart", b"!\r"), (r"!\n!", b"\x04")),
    ),
    Dialogue("erase-tabs", sh("cat"), ((READY, b"ab\tcd\t\x7f\x7f\x7f\x7fX\r"), (r"abX\nabX", b"\x04"))),
    Dialogue("erase-control", sh("cat -v"), ((READY, b"\x01\x02\x7fz\r"), (r"\^Az\n\^Az", b"\x04"))),
    Dialogue(
        "utf8", sh("cat", "stty iutf8"), ((READY, "grö€\x7f\x7fün\r".encode()), (r"grün\ngrün", b"\x04"))
    ),
    Dialogue(
        "utf8-without-iutf8", sh("cat -v", "stty -iutf8"), ((READY, "ö\x7fx\r".encode()), (r"M-Cx", b"\x04"))
    ),
    Dialogue("two-lines-at-once", sh("head -n 1; echo -; head -n 1"), ((READY, b"first\rsecond\r"),)),
    Dialogue("ends-of-file-at-once", sh("cat; cat; echo over; cat"), ((READY, b"a\r\x04b\r\x04c\r\x04"),)),
    Dialogue("tab-behind-a-prompt", sh("printf 'ab: '; read x"), ((r"ab: ", b"\t\x7fq\tw\x7f\x7f.\r"),)),
    Dialogue(
        "kill-behind-a-prompt",
        sh(r"printf 'a\tprompt: '; read x; echo $x"),
        ((r"prompt: ", b"no\t\x01\t\x15yes\r"),),
    ),
    Dialogue("special-end-of-line", sh(r"dd bs=9 count=1 2>/dev/null", r"stty eol \;"), ((READY, b"one;"),)),
    Dialogue("long-line", sh("wc -c"), ((READY, b"x" * 1000 + b"\r"), (r"x\n", b"\x04"))),
    # ------------------------------------------------------------ signals and flow control
    Dialogue("interrupt", sh("exec cat"), ((READY, b"x"), (r"^x", b"\x03"))),
    Dialogue(
        "quit",
        sh("cat; echo over", "trap 'echo was quit' QUIT; ulimit -c 0"),
        ((READY, b"x"), (r"^x", b"\x1c")),
    ),
    Dialogue(
        "interrupt-flushes",
        sh("sleep 9; cat", "trap 'echo int' INT"),
        (
            (READY, b"lost\rlost too"),
            (r"lost\nlost too", b"\x03"),
            (r"int\n", b"kept\r"),
            (r"kept\nkept", b"\x04"),
        ),
    ),
    Dialogue(
        "noflsh",
        sh("sleep 9; cat", "stty noflsh; trap 'echo int' INT"),
        (
            (READY, b"kept\rkept too"),
            (r"kept\nkept too", b"\x03"),
            (r"int\nkept", b"\r\x04"),
        ),
    ),
    Dialogue(
        "no-signals", sh("cat -v", "stty -isig"), ((READY, b"\x03\x1a\x1c\r"), (r"C\^Z.*\n\^C\^Z", b"\x04"))
    ),
    Dialogue(
        "stop-and-start",
        sh("cat"),
        (
            (READY, b"shown\r"),
            (r"shown\nshown", b"\x13held\r\x11"),
            (r"held\nheld", b"\x04"),
        ),
    ),
    Dialogue("any-starts", sh("cat", "stty ixany"), ((READY, b"\x13held\r"), (r"held\nheld", b"\x04"))),
    Dialogue(
        "no-flow-control", sh("cat -v", "stty -ixon"), ((READY, b"\x13\x11\r"), (r"\^S\^Q\n\^S\^Q", b"\x04"))
    ),
    # ------------------------------------------------------------ settings that programs make
    Dialogue("stty", sh("stty -a | sed 's/-*extproc//'"), ()),
    Dialogue(
        "stty-sane",
        sh("cat", "stty raw -echo; stty sane"),
        ((READY, b"as\x7f ever\r"), (r"a ever\na ever", b"\x04")),
    ),
    Dialogue(
        "stty-erase", sh("cat -v", "stty erase ^H"), ((READY, b"ab\x08\x7f\r"), (r"a\^\?\na\^\?", b"\x04"))
    ),
    Dialogue("no-echo", sh("cat", "stty -echo"), ((READY, b"unseen\r"), (r"\nunseen", b"\x04"))),
    Dialogue("echonl", sh("cat", "stty -echo echonl"), ((READY, b"unseen\r"), (r"\n\nunseen", b"\x04"))),
    Dialogue("echoprt", sh("cat", "stty echoprt"), ((READY, b"abc\x7f\x7fd\r"), (r"\nad", b"\x04"))),
    Dialogue("no-echoctl", sh("cat -v", "stty -echoctl"), ((READY, b"a\x01\x7fb\r"), (r"\nab", b"\x04"))),
    Dialogue("no-echoke", sh("cat", "stty -echoke"), ((READY, b"abc\x15d\r"), (r"\nd\nd", b"\x04"))),
    Dialogue("cr-stays", sh("cat -v", "stty -icrnl"), ((READY, b"a\rb\n"), (r"a\^Mb\na\^Mb", b"\x04"))),
    Dialogue("cr-ignored", sh("cat", "stty igncr"), ((READY, b"a\rb\n"), (r"ab\nab", b"\x04"))),
    Dialogue(
        "nl-becomes-cr", sh("cat -v", "stty inlcr -icrnl"), ((READY, b"a\n\x04"), (r"a\^Ma\^M", b"\x04"))
    ),
    Dialogue("lower-case", sh("cat", "stty iuclc"), ((READY, b"LOUD\r"), (r"loud\nloud", b"\x04"))),
    Dialogue(
        "upper-case-output", sh("cat", "stty olcuc"), ((r"READY\n", b"quiet\r"), (r"QUIET\nQUIET", b"\x04"))
    ),
    Dialogue(
        "no-onlcr",
        sh("cat; stty onlcr", "stty -onlcr"),
        ((READY, b"ab\r"), (r" ab", b"cd\x7f\r"), (r" c", b"\x04")),
    ),
    Dialogue("tabs-expanded", sh("cat", "stty tab3"), ((READY, b"a\tb\x7f\x7f.\r"), (r"a\.\na\.", b"\x04"))),
    Dialogue(
        "three-keys",
        sh("dd bs=9 count=1 2>/dev/null", "stty -icanon min 3"),
        ((READY, b"ab"), (r"^ab", b"c")),
    ),
    Dialogue("no-key", sh("dd bs=9 count=1 2>/dev/null | wc -c", "stty -icanon min 0 time 1"), ()),
    Dialogue(
        "raw",
        sh(r"dd bs=1 count=5 2>/dev/null | od -c; stty sane", r"stty raw -echo"),
        ((READY, b"\x03\x04\x1a\r\x11"),),
    ),
    Dialogue(
        "typed-ahead-into-raw",
        sh("sleep 0.3; stty -icanon; dd bs=1 count=2 2>/dev/null | od -c"),
        ((READY, b"ab"),),
    ),
    # ------------------------------------------------------------ password prompts
    Dialogue(
        "read-s",
        ("bash", "-c", "read -s -p 'Password: ' x; echo; echo \"got $x\""),
        ((r"Password: ", b"secrex\x7ft\r"),),
    ),
    Dialogue(
        "getpass",
        (*PYTHON, "-c", "import getpass; print('got', getpass.getpass())"),
        ((r"Password: ", b"sec\x15secret\r"),),
    ),
    Dialogue(
        "getpass-interrupted",
        (*PYTHON, "-c", "import getpass\ntry: getpass.getpass()\nexcept KeyboardInterrupt: print('no')"),
        ((r"Password: ", b"sec\x03"),),
    ),
    Dialogue(
        "sudo-like",
        (*PYTHON, "-c", SUDO_LIKE),
        (
            (r"password for root: ", b"wrong\x7f\x7f\r"),
            (r"Sorry, try again.\n.*password for root: ", b"\x15sax\x7fme\r"),
        ),
    ),
    Dialogue("dev-tty", sh('read x </dev/tty; echo "got $x"', "exec <&-"), ((READY, b"ab\x7fc\r"),)),
    # ------------------------------------------------------------ bash
    Dialogue("bash", BASH, ((r"^1> ", b"echo $((6*7))\r"), (r"42\n2> ", b"exit 3\r"))),
    Dialogue(
        "bash-editing",
        BASH,
        (
            (r"^1> ", b"echo wrld" + LEFT * 3 + b"o\x05!\x01" + b"\x0b\x19\r"),
            (r"world!\n2> ", b"\x04"),
        ),
    ),
    Dialogue(
        "bash-history",
        BASH,
        (
            (r"^1> ", b"echo one\r"),
            (r"^2> ", b"echo two\r"),
            (r"^3> ", UP + UP + b"\r"),
            (r"one\n4> ", b"\x12two"),
            (r"two': echo two", b"\r"),
            (r"^5> ", b"exit\r"),
        ),
    ),
    Dialogue("bash-completion", BASH, ((r"^1> ", b"wc -l num\t\r"), (r"60 numbers\n2> ", b"\x04"))),
    Dialogue(
        "bash-interrupt",
        BASH,
        ((r"^1> ", b"some words\x03"), (r"\^C\n1> ", b"echo $?\r"), (r"130\n2> ", b"\x04")),
    ),
    Dialogue(
        "bash-interrupts-sleep",
        BASH,
        (
            (r"^1> ", SLEEP + b"\r"),
            (r"^go\n", b"\x03"),
            (r"^2> ", b"echo $?\r"),
            (r"130\n3> ", b"\x04"),
        ),
    ),
    Dialogue(
        "bash-stop-and-fg",
        BASH,
        (
            (r"^1> ", b"echo go; cat\r"),
            (r"^go\n", b"a\r"),
            (r"a\na\n", b"\x1a"),
            (r"Stopped .*\n2> ", b"fg\r"),
            (r"fg\ncat\n", b"b\r"),
            (r"b\nb\n", b"\x04"),
            (r"^3> ", b"exit\r"),
        ),
    ),
    Dialogue(
        "bash-stops-vim",
        BASH,
        (
            (r"^1> ", b" ".join(word.encode() for word in VIM[:-3]) + b" numbers\r"),
            (r"numbers", b"ihello\x1b"),
            (r"^hello1\n2", b"\x1a"),
            (r"Stopped .*\n2> ", b"stty -a | grep -c ' icanon'\r"),
            (r"^1\n3> ", b"fg\r"),
            (r"^hello1\n2", b"u:q!\r"),
            (r"4> ", b"exit\r"),
        ),
        ("vim",),
    ),
    Dialogue(
        "bash-stops-python",
        BASH,
        (
            (r"^1> ", " ".join(PYTHON).encode() + b" -i\r"),
            (r"^>>> ", b"x = 6\r"),
            (r"x = 6\n>>> ", b"import os, signal; os.kill(0, signal.SIGTSTP)\r"),
            (r"Stopped .*\n2> ", b"fg\r"),
            (r"fg\n.*-i\n>>> ", b"x*7\r"),
            (r"42\n>>> ", b"exit()\r"),
            (r"^3> ", b"exit\r"),
        ),
    ),
    Dialogue(
        "bash-background-reader",
        BASH,
        (
            (r"^1> ", b"cat & clear; until jobs | grep -q Stop; do sleep 0.1; done\r"),
            (r"Stopped .*\n2> ", b"fg\r"),
            (r"fg\ncat\n", b"b\r"),
            (r"b\nb\n", b"\x04"),
            (r"^3> ", b"exit\r"),
        ),
    ),
    Dialogue(
        "bash-select",
        BASH,
        (
            (r"^1> ", b'select x in red green; do echo "it is $x"; break; done\r'),
            (r"#\? ", b"3\x7f2\r"),
            (r"it is green\n2> ", b"exit\r"),
        ),
    ),
    Dialogue(
        "bash-continuation",
        BASH,
        ((r"^1> ", b"for i in a b\r"), (r"more> ", b"do echo $i; done\r"), (r"b\n\d> ", b"\x04")),
    ),
    # ------------------------------------------------------------ other programs that talk
    Dialogue(
        "python",
        (*PYTHON, "-i"),
        (
            (r"^>>> ", b"6*7\r"),
            (r"42\n>>> ", b"for i in 'ab':\r"),
            (r"^\.\.\. ", b"    print(i)\r"),
            (r"print\(i\)\n\.\.\. $", b"\r"),
            (r"b\n>>> ", b"input('? ').upper()\r"),
            (r"^\? ", b"yex\x7fs\r"),
            (r"'YES'\n>>> ", b"\x04"),
        ),
    ),
    Dialogue(
        "python-interrupt",
        (*PYTHON, "-i"),
        (
            (r"^>>> ", b"import time; print(5); time.sleep(99)\r"),
            (r"^5\n", b"\x03"),
            (r"KeyboardInterrupt\n>>> ", b"exit(4)\r"),
        ),
    ),
    Dialogue(
        "ed",
        ("ed", "-p", "* ", "numbers"),
        (
            (r"^\* ", b"2i\r"),
            (r"2i\n", b"nex\x7fw\r.\r"),
            (r"\.\n\* ", b"1,4p\r"),
            (r"new\n2\n3\n\* ", b"Q\r"),
        ),
        ("ed",),
    ),
    Dialogue(
        "sqlite3",
        ("sqlite3", "-batch", "-interactive", ":memory:"),
        (
            (r"sqlite> ", b"select 6*\r"),
            (r"\.\.\.> ", b"8\x7f7;\r"),
            (r"42\nsqlite> ", b"\x04"),
        ),
        ("sqlite3",),
    ),
    # ------------------------------------------------------------ whole screens
    Dialogue(
        "vim",
        VIM,
        (
            (r"numbers", b"ggOfirst\x1b"),
            (r"^first\n1", b"jddp:s/1/one/\r"),
            (r"^one", b"/30\r"),
            (r"^30", b"cwthirty\x1bu"),  # at once: vim says how many seconds ago the change was
            (r"^1 change; before", b":q!\r"),
        ),
        ("vim",),
    ),
    Dialogue(
        "vim-insert",
        VIM,
        (
            (r"numbers", b"O"),
            (r"INSERT", b"ab\x7fc \x17w\x1b"),
            (r"^w\n1", b":w\r"),
            (r"written", b"ZZ"),
        ),
        ("vim",),
    ),
    Dialogue(
        "vim-visual",
        VIM,
        (
            (r"numbers", b"VGdu"),  # at once, as above
            (r"60 more lines", b"\x06"),
            (r"^40", b":q!\r"),
        ),
        ("vim",),
    ),
    Dialogue(
        "vim-shell",
        VIM,
        (
            (r"numbers", b":!echo go; cat\r"),
            (r"^go\n", b"hex\x7fllo\r"),
            (r"hello\nhello", b"\x04"),
            (r"ENTER", b"\r:q!\r"),
        ),
        ("vim",),
    ),
    Dialogue(
        "less",
        ("less", "numbers"),
        (
            (r"^numbers", b" "),
            (r"^46\n", b"b"),
            (r"^1\n", b"/33\r"),
            (r"^33\n34", b"G"),
            (r"^60\n\(END\)", b"q"),
        ),
        ("less",),
    ),
    Dialogue(
        "less-interrupt",
        ("less", "+F", "numbers"),
        ((r"Waiting for data", b"\x03"), (r"\(END\)|:$", b"g"), (r"^1\n2", b"q")),
        ("less",),
    ),
    # ------------------------------------------------------------ a terminal in a terminal
    Dialogue(
        "nested-cat", (*NESTED, *sh("cat")), ((READY, b"inner\x7f\x7fer\r"), (r"inner\ninner", b"\x04"))
    ),
    Dialogue(
        "nested-bash",
        (*NESTED, *BASH),
        (
            (r"^1> ", SLEEP + b"\r"),
            (r"^go\n", b"\x1a"),
            (r"Stopped .*\n2> ", b"fg\r"),
            (r"fg\nsh -c .*sleep 99", b"\x03"),
            (r"^3> ", b"exit 5\r"),
        ),
    ),
)

"""Linux's termios, with its names and values, on every platform.

The host, its disciplines and its drivers use these numbers only; a driver over a real device
translates to the platform's own. Source: asm-generic/termbits.h and ioctls.h of Linux;
meanings: POSIX.1-2017 chapter 11.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

# c_iflag
IGNBRK = 0o000001
BRKINT = 0o000002
IGNPAR = 0o000004
PARMRK = 0o000010
INPCK = 0o000020
ISTRIP = 0o000040
INLCR = 0o000100
IGNCR = 0o000200
ICRNL = 0o000400
IUCLC = 0o001000
IXON = 0o002000
IXANY = 0o004000
IXOFF = 0o010000
IMAXBEL = 0o020000
IUTF8 = 0o040000

# c_oflag
OPOST = 0o000001
OLCUC = 0o000002
ONLCR = 0o000004
OCRNL = 0o000010
ONOCR = 0o000020
ONLRET = 0o000040
OFILL = 0o000100
OFDEL = 0o000200
NLDLY = 0o000400
NL0, NL1 = 0, 0o000400
CRDLY = 0o003000
CR0, CR1, CR2, CR3 = 0, 0o001000, 0o002000, 0o003000
TABDLY = 0o014000
TAB0, TAB1, TAB2, TAB3 = 0, 0o004000, 0o010000, 0o014000
XTABS = TAB3
BSDLY = 0o020000
BS0, BS1 = 0, 0o020000
VTDLY = 0o040000
VT0, VT1 = 0, 0o040000
FFDLY = 0o100000
FF0, FF1 = 0, 0o100000

# c_cflag
CBAUD = 0o010017
CSIZE = 0o000060
CS5, CS6, CS7, CS8 = 0, 0o000020, 0o000040, 0o000060
CSTOPB = 0o000100
CREAD = 0o000200
PARENB = 0o000400
PARODD = 0o001000
HUPCL = 0o002000
CLOCAL = 0o004000
CBAUDEX = 0o010000
BOTHER = 0o010000
CMSPAR = 0o10000000000
CRTSCTS = 0o20000000000

B0 = 0
B50, B75, B110, B134, B150, B200, B300, B600 = range(1, 9)
B1200, B1800, B2400, B4800, B9600, B19200, B38400 = range(9, 16)
B57600, B115200, B230400, B460800, B500000, B576000, B921600, B1000000 = range(0o010001, 0o010011)
B1152000, B1500000, B2000000, B2500000, B3000000, B3500000, B4000000 = range(0o010011, 0o010020)

# c_lflag
ISIG = 0o000001
ICANON = 0o000002
XCASE = 0o000004
ECHO = 0o000010
ECHOE = 0o000020
ECHOK = 0o000040
ECHONL = 0o000100
NOFLSH = 0o000200
TOSTOP = 0o000400
ECHOCTL = 0o001000
ECHOPRT = 0o002000
ECHOKE = 0o004000
FLUSHO = 0o010000
PENDIN = 0o040000
IEXTEN = 0o100000
EXTPROC = 0o200000

# c_cc
NCCS = 19
VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART = range(9)
VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2 = range(9, 17)
POSIX_VDISABLE = 0

# tcsetattr, tcflush, tcflow
TCSANOW, TCSADRAIN, TCSAFLUSH = range(3)
TCIFLUSH, TCOFLUSH, TCIOFLUSH = range(3)
TCOOFF, TCOON, TCIOFF, TCION = range(4)

# ioctls
TCSBRK = 0x5409
TCXONC = 0x540A
TCFLSH = 0x540B
TIOCEXCL = 0x540C
TIOCNXCL = 0x540D
TIOCSCTTY = 0x540E
TIOCGPGRP = 0x540F
TIOCSPGRP = 0x5410
TIOCOUTQ = 0x5411
TIOCSTI = 0x5412
TIOCGWINSZ = 0x5413
TIOCSWINSZ = 0x5414
TIOCMGET = 0x5415
TIOCMBIS = 0x5416
TIOCMBIC = 0x5417
TIOCMSET = 0x5418
TIOCINQ = FIONREAD = 0x541B
TIOCPKT = 0x5420
FIONBIO = 0x5421
TIOCNOTTY = 0x5422
TIOCSETD = 0x5423
TIOCGETD = 0x5424
TCSBRKP = 0x5425
TIOCSBRK = 0x5427
TIOCCBRK = 0x5428
TIOCGSID = 0x5429
TIOCSPTLCK = 0x40045431
TIOCSIG = 0x40045436
TIOCVHANGUP = 0x5437
TIOCGLCKTRMIOS = 0x5456
TIOCSLCKTRMIOS = 0x5457
TIOCGPKT = 0x80045438
TIOCGEXCL = 0x80045440

TIOCM_LE, TIOCM_DTR, TIOCM_RTS = 0x001, 0x002, 0x004
TIOCM_CTS, TIOCM_CAR, TIOCM_RNG, TIOCM_DSR = 0x020, 0x040, 0x080, 0x100
TIOCM_CD, TIOCM_RI = TIOCM_CAR, TIOCM_RNG

TIOCPKT_DATA = 0
TIOCPKT_FLUSHREAD = 1
TIOCPKT_FLUSHWRITE = 2
TIOCPKT_STOP = 4
TIOCPKT_START = 8
TIOCPKT_NOSTOP = 16
TIOCPKT_DOSTOP = 32
TIOCPKT_IOCTL = 64

_CC = {
    VINTR: 0x03,
    VQUIT: 0x1C,
    VERASE: 0x7F,
    VKILL: 0x15,
    VEOF: 0x04,
    VMIN: 1,
    VSTART: 0x11,
    VSTOP: 0x13,
    VSUSP: 0x1A,
    VREPRINT: 0x12,
    VDISCARD: 0x0F,
    VWERASE: 0x17,
    VLNEXT: 0x16,
}
DEFAULT_CC = bytes(_CC.get(i, 0) for i in range(NCCS))


class WinSize(NamedTuple):
    """A window's size: rows and columns in characters, then pixels. (0, 0, 0, 0) is unknown."""

    rows: int = 0
    cols: int = 0
    xpixel: int = 0
    ypixel: int = 0


@dataclass(frozen=True, slots=True)
class Termios:
    """One terminal's settings: immutable, so that nobody reads half a change (R-170).

    The defaults are those of a new terminal on Linux (tty_std_termios). ``line`` is the number of
    the discipline that is attached; only the host changes it. Speeds are in bits per second.
    """

    iflag: int = ICRNL | IXON
    oflag: int = OPOST | ONLCR
    cflag: int = B38400 | CS8 | CREAD
    lflag: int = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN
    ispeed: int = 38400
    ospeed: int = 38400
    line: int = 0
    cc: bytes = DEFAULT_CC

    def __post_init__(self) -> None:
        if not isinstance(self.cc, bytes) or len(self.cc) != NCCS:
            raise ValueError(f"cc: {NCCS} bytes are needed, indexed by VINTR ... VEOL2")
        for name in ("iflag", "oflag", "cflag", "lflag"):
            if not 0 <= getattr(self, name) < 1 << 32:
                raise ValueError(f"{name}: a 32-bit number is needed")

    def replace(self, **changes: object) -> Termios:
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def with_cc(self, **chars: int) -> Termios:
        """A copy with some control characters changed: ``with_cc(VMIN=0, VTIME=5)``."""
        cc = bytearray(self.cc)
        for name, value in chars.items():
            if not name.startswith("V") or not isinstance(globals().get(name), int):
                raise ValueError(f"{name} is not a control character; one of VINTR ... VEOL2 is")
            cc[globals()[name]] = value
        return replace(self, cc=bytes(cc))

    def raw(self) -> Termios:
        """What cfmakeraw makes of it: eight bits through, nothing looked at, reads of one byte."""
        return replace(
            self,
            iflag=self.iflag & ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON),
            oflag=self.oflag & ~OPOST,
            cflag=self.cflag & ~(CSIZE | PARENB) | CS8,
            lflag=self.lflag & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN),
        ).with_cc(VMIN=1, VTIME=0)


UNLOCKED = Termios(0, 0, 0, 0, 0, 0, 0, bytes(NCCS))
"""The lock mask of a new tty (TIOCSLCKTRMIOS): each bit that is set, and each control character that
is not 0, keeps that of the settings from being changed. ``UNLOCKED.replace(lflag=ECHO)`` locks ECHO."""

_SPEEDS = {
    0: B0, 50: B50, 75: B75, 110: B110, 134: B134, 150: B150, 200: B200, 300: B300, 600: B600,
    1200: B1200, 1800: B1800, 2400: B2400, 4800: B4800, 9600: B9600, 19200: B19200, 38400: B38400,
    57600: B57600, 115200: B115200, 230400: B230400, 460800: B460800, 500000: B500000,
    576000: B576000, 921600: B921600, 1000000: B1000000, 1152000: B1152000, 1500000: B1500000,
    2000000: B2000000, 2500000: B2500000, 3000000: B3000000, 3500000: B3500000, 4000000: B4000000,
}  # fmt: skip


def speed_flag(bps: int) -> int:
    """The CBAUD bits of c_cflag for a speed in bits per second; BOTHER for an unusual one."""
    return _SPEEDS.get(bps, BOTHER)

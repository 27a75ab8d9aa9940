"""The line discipline: number 3, name ``ppp``.

One write sends one packet (protocol number and information) in a frame of its own, one read
gives the packet of one good frame. Negotiation (LCP, IPCP) belongs to a layer above, which
needs nothing but this: packets both ways, and the parameters of ``encoder`` and ``decoder``.
"""

from __future__ import annotations

import errno
from typing import ClassVar

from ttyhost.abi import FramedDiscipline, Option, TtyHandle, oserror
from ttyhost.abi.termios import IXON, VSTART, VSTOP

from . import ioctls
from .codec import DEFAULT_MRU, PROTOCOL_SIZE, Decoder, Encoder
from .escape import DEFAULT_ACCM

_MRU_MAX = 65535


class Ppp(FramedDiscipline):
    """PPP in HDLC-like framing, RFC 1662, without negotiation."""

    name: ClassVar[str] = "ppp"
    number: ClassVar[int] = 3
    options = (
        Option("mru", int, DEFAULT_MRU, "largest information field taken", DEFAULT_MRU, _MRU_MAX),
        Option("mtu", int, DEFAULT_MRU, "largest information field sent", 1, _MRU_MAX),
        Option("accm", int, DEFAULT_ACCM, "control characters escaped, both ways", 0, DEFAULT_ACCM),
        Option("acfc", bool, False, "send without address and control"),
        Option("pfc", bool, False, "send the protocol number in one octet where it fits"),
    )

    def __init__(self, tty: TtyHandle) -> None:
        super().__init__(tty)
        given = tty.options
        self.encoder = Encoder(accm=given["accm"], acfc=given["acfc"], pfc=given["pfc"])
        self.decoder = Decoder(mru=given["mru"], accm=given["accm"], count=tty.count)
        self.mtu = PROTOCOL_SIZE + given["mtu"]
        self._settings = tty.lock("ppp settings")

    def encode(self, frame: bytes) -> bytes:
        try:
            return self.encoder.encode(frame)
        except ValueError as why:
            raise oserror(errno.EINVAL, str(why)) from None

    def decode(self, data: bytes) -> list[bytes]:
        return self._decode(data, None)

    def decode_flagged(self, data: bytes, flags: bytes) -> list[bytes]:
        """The decoder itself knows which frame a bad octet spoils, the open one or none."""
        return self._decode(data, flags)

    def _decode(self, data: bytes, flags: bytes | None) -> list[bytes]:
        self._flow_control(data)
        return self.decoder.feed(data, flags)

    def _flow_control(self, data: bytes) -> None:
        """With IXON, START and STOP steer our output where the peer escapes them as data: one
        that is not escaped is no data then, it comes from a modem or a driver in between."""
        termios = self.tty.termios
        if not termios.iflag & IXON:
            return
        start, stop = (self._last_noise(data, termios.cc[index]) for index in (VSTART, VSTOP))
        if start > stop:
            self.tty.start()
        elif stop > start:
            self.tty.stop()

    def _last_noise(self, data: bytes, char: int) -> int:
        """Where ``char`` stands last in ``data``, if it is a noise character; else -1. (A
        character 0 is a disabled one.)"""
        return data.rfind(char) if char and self.decoder.accm >> char & 1 else -1

    def ioctl(self, cmd: int, arg: object) -> object:
        """What pppd asks of Linux's ppp_async. EINVAL for a number that is out of range."""
        with self._settings:
            result = self._get_or_set(cmd, arg)
        return super().ioctl(cmd, arg) if result is None else result

    def _get_or_set(self, cmd: int, arg: object) -> int | None:
        """None for a command that is not PPP's."""
        encoder, decoder = self.encoder, self.decoder
        match cmd:
            case ioctls.PPPIOCGASYNCMAP:
                return encoder.accm
            case ioctls.PPPIOCSASYNCMAP:
                encoder.configure(accm=_number(arg, DEFAULT_ACCM))
            case ioctls.PPPIOCGRASYNCMAP:
                return decoder.accm
            case ioctls.PPPIOCSRASYNCMAP:
                decoder.accm = _number(arg, DEFAULT_ACCM)
            case ioctls.PPPIOCGMRU:
                return decoder.mru
            case ioctls.PPPIOCSMRU:  # whatever was agreed on, 1500 must fit: RFC 1661, section 6.1
                decoder.mru = max(DEFAULT_MRU, _number(arg, _MRU_MAX))
            case ioctls.PPPIOCGFLAGS:
                return ioctls.SC_COMP_AC * encoder.acfc | ioctls.SC_COMP_PROT * encoder.pfc
            case ioctls.PPPIOCSFLAGS:
                self._set_flags(_number(arg, DEFAULT_ACCM))
            case _:
                return None
        return 0

    def _set_flags(self, flags: int) -> None:
        if unknown := flags & ~(ioctls.SC_COMP_AC | ioctls.SC_COMP_PROT):
            raise oserror(errno.EINVAL, f"flags {unknown:#x} are not known here")
        self.encoder.configure(acfc=bool(flags & ioctls.SC_COMP_AC), pfc=bool(flags & ioctls.SC_COMP_PROT))


def _number(arg: object, maximum: int) -> int:
    if not isinstance(arg, int) or not 0 <= arg <= maximum:
        raise oserror(errno.EINVAL, f"{arg!r} is not a number from 0 to {maximum:#x}")
    return arg

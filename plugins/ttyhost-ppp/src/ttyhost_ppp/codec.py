"""PPP frames in and out of bytes (RFC 1662), without a tty, a thread or a clock.

    flag | address 0xff, control 0x03 | protocol, information | FCS | flag
                                        ^--- a packet ---^

A *packet* is what the link layer above deals in: the protocol number, always in two octets, and
the information field. Everything else on the line is made and taken away here.

Every parameter may be changed at any time, between any two bytes: those of the encoder count
from the next frame on, those of the decoder from the next bytes on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from .escape import DEFAULT_ACCM, ESCAPE, FLAG, control_characters, escaper, unescape
from .fcs import GOOD_FCS, fcs16

DEFAULT_MRU = 1500
PROTOCOL_SIZE = 2
FCS_SIZE = 2
ADDRESS_CONTROL = b"\xff\x03"
"""All stations, unnumbered information: the only ones in PPP."""
LCP = b"\xc0\x21"

_RUNT = 4
"""A frame of fewer octets is no frame (RFC 1662, section 3.1)."""
_UNCOMPRESSED = len(ADDRESS_CONTROL) + PROTOCOL_SIZE + FCS_SIZE
_RUNS = re.compile(rb"\x00+|[^\x00]+")


class _Framing(dict[bytes, tuple[bytes, int, Callable[[bytes], bytes]]]):
    """How packets are framed under one choice of parameters: by protocol number, worked out at its
    first packet, (what goes before, octets of the packet left out, what escapes it)."""

    def __init__(self, accm: int, acfc: bool, pfc: bool) -> None:
        self.accm = accm
        self.acfc = acfc
        self.pfc = pfc
        self._escape = escaper(accm)

    def __missing__(self, protocol: bytes) -> tuple[bytes, int, Callable[[bytes], bytes]]:
        if len(protocol) < PROTOCOL_SIZE or protocol[0] & 1:
            raise ValueError("a packet begins with its protocol number, two octets, the first one even")
        if protocol == LCP:
            plan = ADDRESS_CONTROL, 0, _DEFAULT_ESCAPE
        else:
            # an odd octet alone is a whole protocol number, but 0xff would be an address
            short = self.pfc and not protocol[0] and protocol[1] & 1 and protocol[1] != 0xFF
            plan = b"" if self.acfc else ADDRESS_CONTROL, int(short), self._escape
        if len(self) < _PROTOCOLS_KEPT:
            self[protocol] = plan
        return plan


_DEFAULT_ESCAPE = escaper(DEFAULT_ACCM)
_PROTOCOLS_KEPT = 256


class Encoder:
    """Packets to bytes of the line.

    ``accm``: the control characters to escape, bit n for octet n. ``acfc``: leave address and
    control out (RFC 1661, section 6.6). ``pfc``: send the protocol number in one octet where it
    fits (section 6.5). LCP goes as if nothing had been negotiated (R-213; RFC 1661, section 5), so
    that it reaches a peer that has lost its settings.
    """

    def __init__(self, *, accm: int = DEFAULT_ACCM, acfc: bool = False, pfc: bool = False) -> None:
        self._framing = _Framing(accm, acfc, pfc)

    @property
    def accm(self) -> int:
        return self._framing.accm

    @property
    def acfc(self) -> bool:
        return self._framing.acfc

    @property
    def pfc(self) -> bool:
        return self._framing.pfc

    def configure(
        self, *, accm: int | None = None, acfc: bool | None = None, pfc: bool | None = None
    ) -> None:
        """Change what is given, all of it from the next frame on; two callers must not race."""
        now = self._framing
        self._framing = _Framing(
            now.accm if accm is None else accm,
            now.acfc if acfc is None else acfc,
            now.pfc if pfc is None else pfc,
        )

    def encode(self, packet: bytes) -> bytes:
        """One frame, with a flag at each end. Raises ValueError for what no receiver would read as
        the same packet."""
        head, skip, escape = self._framing[packet[:PROTOCOL_SIZE]]
        if skip and len(packet) > PROTOCOL_SIZE:  # one octet and the FCS would be a runt
            packet = packet[skip:]
        body = head + packet
        return b"".join((FLAG, escape(body + fcs16(body).to_bytes(FCS_SIZE, "little")), FLAG))


class Decoder:
    """Bytes of the line to packets; what is damaged is dropped and counted.

    Address, control and protocol are read compressed and uncompressed alike, as receivers do: the
    first octets tell which it is. At most twice the largest frame is kept. Counted are, by the
    name given to ``count`` (default: ``self.counters``):

    ``rx_fcs_errors``, ``rx_runts`` (under four octets), ``rx_aborts`` (an escape, then the flag),
    ``rx_overruns`` (information over the MRU), ``rx_header_errors`` (unknown address or control, no
    protocol), ``rx_frames_damaged`` (an octet of it came with an error): frames, each once;
    ``rx_line_errors``: octets with an error; ``rx_noise``: control characters of the map, removed.
    """

    def __init__(
        self,
        *,
        mru: int = DEFAULT_MRU,
        accm: int = DEFAULT_ACCM,
        count: Callable[[str, int], object] | None = None,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._count = count or self._count_here
        self.mru = mru
        self.accm = accm
        self._raw = bytearray()  # the frame under way, still escaped
        self._toss = True  # drop everything up to the next flag

    @property
    def mru(self) -> int:
        """The largest information field, in octets."""
        return self._mru

    @mru.setter
    def mru(self, mru: int) -> None:
        if mru < 1:
            raise ValueError(f"an MRU is at least one octet, not {mru}")
        self._mru = mru

    @property
    def accm(self) -> int:
        """The control characters that the peer escapes, and that are therefore noise of the line
        when they come as they are (RFC 1662, section 4.2)."""
        return self._accm

    @accm.setter
    def accm(self, accm: int) -> None:
        self._noise = control_characters(accm)
        self._accm = accm

    def feed(self, data: bytes | bytearray | memoryview, flags: bytes | None = None) -> list[bytes]:
        """The packets completed by these bytes. ``flags``: None, or one octet for each of
        ``data``, 0 where the line received it without error (R-205)."""
        data = bytes(data)
        if flags is None:
            return self._feed(data)
        if len(flags) != len(data):
            raise ValueError(f"{len(flags)} flags for {len(data)} octets")
        packets = []
        for run in _RUNS.finditer(flags):
            start, end = run.span()
            if flags[start]:
                self._damage(end - start)
            else:
                packets += self._feed(data[start:end])
        return packets

    # ---------------------------------------------------------------- cutting the line at its flags

    def _feed(self, data: bytes) -> list[bytes]:
        if self._noise:
            quiet = data.translate(None, self._noise)
            if len(quiet) != len(data):
                self._count("rx_noise", len(data) - len(quiet))
            data = quiet
        pieces = data.split(FLAG)
        tail = pieces.pop()
        packets = self._frames(pieces, ESCAPE[0] in data) if pieces else []
        if tail and not self._toss:
            self._keep(tail)
        return packets

    def _frames(self, pieces: list[bytes], escapes: bool) -> list[bytes]:
        """Each piece ends at a flag; the first one ends what is under way. Empty ones are flags
        side by side, no frames. ``escapes``: there are some in the pieces."""
        if self._toss:
            pieces[0] = b""
            self._toss = False
        elif self._raw:
            pieces[0] = b"".join((self._raw, pieces[0]))
            self._raw = bytearray()
            escapes = escapes or ESCAPE[0] in pieces[0]
        pieces = list(filter(None, pieces))
        frames = map(unescape, pieces) if escapes else pieces
        mru = self._mru
        largest = _UNCOMPRESSED + mru
        packets = []
        dropped = 0
        for frame in frames:
            if (  # the common frame, nothing compressed, judged in as few steps as can be
                frame
                and _UNCOMPRESSED <= len(frame) <= largest
                and frame[:2] == ADDRESS_CONTROL
                and not frame[2] & 1
                and fcs16(frame) == GOOD_FCS
            ):
                packets.append(frame[2:-2])
                continue
            try:
                packets.append(_packet(pieces[len(packets) + dropped], frame, mru))
            except _BadFrame as bad:
                self._count(bad.reason, 1)
                dropped += 1
        return packets

    def _keep(self, tail: bytes) -> None:
        self._raw += tail
        if len(self._raw) > 2 * (_UNCOMPRESSED + self._mru):
            self._drop("rx_overruns")

    def _damage(self, octets: int) -> None:
        """The next octets are wrong or missing: so is the frame they stand in."""
        self._count("rx_line_errors", octets)
        if not self._toss:
            self._drop("rx_frames_damaged")

    def _drop(self, reason: str) -> None:
        self._count(reason, 1)
        self._raw = bytearray()
        self._toss = True

    def _count_here(self, name: str, n: int) -> None:
        self.counters[name] += n


class _BadFrame(Exception):
    """A frame is to be dropped; ``reason`` is the counter it goes to."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _packet(raw: bytes, frame: bytes | None, mru: int) -> bytes:
    """The packet of any frame, compressed or not; ``frame`` is ``raw`` unescaped. Raises _BadFrame,
    for the first of its reasons, in an order that no cutting of the line into pieces changes."""
    if len(raw) > 2 * (_UNCOMPRESSED + mru):
        raise _BadFrame("rx_overruns")
    if frame is None:
        raise _BadFrame("rx_aborts")
    if len(frame) < _RUNT:
        raise _BadFrame("rx_runts")
    if len(frame) > _UNCOMPRESSED + mru:
        raise _BadFrame("rx_overruns")
    if fcs16(frame) != GOOD_FCS:
        raise _BadFrame("rx_fcs_errors")
    packet = _decompress(frame[:-FCS_SIZE])
    if len(packet) > PROTOCOL_SIZE + mru:
        raise _BadFrame("rx_overruns")
    return packet


def _decompress(body: bytes) -> bytes:
    """A frame's body without address and control, and with both octets of the protocol number."""
    if body[:2] == ADDRESS_CONTROL:
        body = body[2:]
    elif body[0] == ADDRESS_CONTROL[0]:  # no protocol number begins with 0xff
        raise _BadFrame("rx_header_errors")
    if body and body[0] & 1:
        return b"\x00" + body
    if len(body) < PROTOCOL_SIZE:
        raise _BadFrame("rx_header_errors")
    return body

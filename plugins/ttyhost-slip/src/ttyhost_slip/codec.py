"""SLIP, RFC 1055: packets to bytes and back. Sans I/O: no tty, no thread, no clock.

    packet      45 c0 db 00
    line     c0 45 db dc db dd 00 c0        END packet END, with END and ESC escaped

Whole buffers go through the one-byte operations of ``bytes``, which run at gigabytes a second
where a loop over the bytes reaches tens of megabytes.

What RFC 1055 leaves open is settled so, in effect as Linux does:

* an END goes before a packet too: it ends what line noise began;
* an ESC before anything but ESC_END and ESC_ESC is a bad escape: the ESC is left out, the byte
  after it stays what it is, the packet is delivered and the bad escape counted (whether it is whole
  is for the checksum of what it carries to say). Of ESC ESC the second begins an escape;
* an empty packet, which is what lies between two END, is never delivered;
* a packet larger than the MTU is dropped up to the next END, and counted once.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable

END = b"\xc0"
ESC = b"\xdb"
ESC_END = b"\xdc"
ESC_ESC = b"\xdd"

Buffer = bytes | bytearray | memoryview

_END, _ESC = END[0], ESC[0]  # "int in bytes" is the fastest test of all
_SPECIAL = END + ESC
_ESCAPED_END = ESC + ESC_END
_ESCAPED_ESC = ESC + ESC_ESC
_ESCAPE = re.compile(ESC + b"([" + ESC_END + ESC_ESC + b"])")
_UNESCAPED = {ESC_END: END, ESC_ESC: ESC}

# For _weave: each byte as one character that is two bytes, big endian. END and ESC become what stands
# for them on the line, any other byte follows a filler, 00. But DB DC is no character, and 00 is
# wanted: so C0, which is free now, stands in for DB, and DB for 00, until the filler is deleted.
_PAIRS = "".join({0x00: "\xdb", 0xC0: "\uc0dc", 0xDB: "\uc0dd"}.get(byte, chr(byte)) for byte in range(256))
_STAND_INS = bytes.maketrans(b"\xc0\xdb", b"\xdb\x00")


def encode(packet: Buffer) -> bytes:
    """The bytes on the line for one packet, with an END on either side.

    An empty packet gives two END, which a receiver throws away.
    """
    if type(packet) is not bytes:
        packet = bytes(memoryview(packet))
    if len(packet) > 255:
        # Where escapes are dense, replace is slow. One byte, cheapest test first, tells whether to
        # have a closer look.
        if packet[255] >= _END and packet[255] in _SPECIAL and _dense(packet):
            return _weave(packet)
        return b"".join((END, packet.replace(ESC, _ESCAPED_ESC).replace(END, _ESCAPED_END), END))
    if _ESC in packet:
        packet = packet.replace(ESC, _ESCAPED_ESC)
    if _END in packet:
        packet = packet.replace(END, _ESCAPED_END)
    return b"\xc0%b\xc0" % packet


def _dense(packet: bytes) -> bool:
    """More than one byte in eight wants an escape, by a sample from all over the packet."""
    sample = packet[:: len(packet) // 64]
    return len(sample.translate(None, _SPECIAL)) * 8 < len(sample) * 7


def _weave(packet: bytes) -> bytes:
    """What encode gives, at a cost that does not depend on how many escapes there are."""
    characters, _ = codecs.charmap_decode(packet, "strict", _PAIRS)
    pairs, _ = codecs.utf_16_be_encode(characters)
    return b"\xc0%b\xc0" % pairs.translate(_STAND_INS, b"\x00")


class SlipDecoder:
    """Packets out of a stream of bytes, however the stream is cut. One caller at a time.

    ``mtu`` is the largest packet, in bytes. Memory: at most twice that, whatever arrives.
    What is wrong with the stream is counted in ``counters``, and told to ``count`` as well:

    ``rx_bad_escapes``: ESC bytes that escaped nothing; ``rx_oversize``: packets larger than the MTU,
    dropped; ``rx_frames_damaged``: packets that ``damage`` was called in, dropped.
    """

    def __init__(self, mtu: int, *, count: Callable[[str, int], object] | None = None) -> None:
        self.mtu = mtu
        self.counters: Counter[str] = Counter()
        self._tell = count
        self._open = bytearray()  # the open packet as it came: escapes may be cut anywhere
        self._open_max = 2 * mtu  # every byte escaped; more is no packet of this MTU
        self._spoiled = False  # the open packet is to be dropped, and is counted already

    @property
    def dropped(self) -> int:
        """Packets that were not delivered, for whatever reason."""
        return self.counters["rx_oversize"] + self.counters["rx_frames_damaged"]

    @property
    def buffered(self) -> int:
        """Bytes kept for the next call: never more than twice the MTU."""
        return len(self._open)

    def feed(self, data: Buffer) -> list[bytes]:
        """The packets that these bytes complete, in order. No bytes make it raise anything."""
        if type(data) is not bytes:
            data = bytes(memoryview(data))
        if _END not in data:
            self._open += data
            if len(self._open) > self._open_max:
                self._spoil("rx_oversize")
            return []
        parts = data.split(END)
        if self._open or self._spoiled:
            parts[0] = self._close(parts[0])
        self._open += parts.pop()
        if len(self._open) > self._open_max:
            self._spoil("rx_oversize")
        packets = list(filter(None, parts))
        if not packets:
            return packets
        if _ESC in data or _ESC in packets[0]:  # the first may have begun in earlier data
            packets = [self._unescape(raw) if _ESC in raw else raw for raw in packets]
        mtu = self.mtu
        for packet in packets:
            if not 0 < len(packet) <= mtu:  # bad escapes alone are an empty packet, too
                return self._fitting(packets)
        return packets

    def damage(self) -> None:
        """A byte of the open packet was lost or is in doubt: drop the packet, count it once."""
        self._spoil("rx_frames_damaged")

    def _spoil(self, why: str) -> None:
        if not self._spoiled:
            self._count(why, 1)
        self._spoiled = True
        self._open.clear()

    def _count(self, what: str, n: int) -> None:
        self.counters[what] += n
        if self._tell is not None:
            self._tell(what, n)

    def _close(self, rest: bytes) -> bytes:
        """The open packet, of which this is the rest; empty if it is to be dropped."""
        packet = b"" if self._spoiled else bytes(self._open) + rest
        self._open.clear()
        self._spoiled = False
        return packet

    def _unescape(self, raw: bytes) -> bytes:
        if len(raw) > self._open_max:  # too large as it is, and will be dropped
            return raw
        few = (len(raw) - 300) // 48  # with fewer escapes than this _join is faster: measured
        some = few if few > 8 else 8
        escapes = len(raw) - len(raw.replace(ESC, b"", some))  # fast while they are few
        if escapes < few:
            return self._join(raw, escapes)
        packet = raw.replace(_ESCAPED_END, END).replace(_ESCAPED_ESC, ESC)
        if escapes == some:  # or more
            escapes = len(raw) - len(raw.translate(None, ESC))
        if len(raw) - len(packet) == escapes:
            return packet
        return self._join(raw, escapes)

    def _join(self, raw: bytes, escapes: int) -> bytes:
        """The packet from what stands between the escapes and what they stand for. Also sees the
        bad ones: those of ``escapes``, all ESC in ``raw``, that the expression does not match."""
        parts: list[bytes] = _ESCAPE.split(raw)  # between, escaped, between, ... between
        parts[1::2] = map(_UNESCAPED.__getitem__, parts[1::2])
        bad = escapes - len(parts) // 2
        if bad:
            self._count("rx_bad_escapes", bad)
            parts[0::2] = [between.replace(ESC, b"") for between in parts[0::2]]
        return b"".join(parts)

    def _fitting(self, packets: list[bytes]) -> list[bytes]:
        oversize = sum(len(packet) > self.mtu for packet in packets)
        if oversize:
            self._count("rx_oversize", oversize)
        return [packet for packet in packets if 0 < len(packet) <= self.mtu]

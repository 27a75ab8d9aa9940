"""ICMP echo over IPv4, as bytes: for hosts that have no kernel of their own on the link.

Sources: RFC 791 (IPv4 header), RFC 792 (echo), RFC 1071 (checksum). IP options are not made, and
skipped when they come.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

_ICMP = 1
_ECHO_REPLY, _ECHO_REQUEST = 0, 8


class Echo(NamedTuple):
    """One echo request or reply."""

    source: str
    destination: str
    request: bool
    identifier: int
    sequence: int
    payload: bytes

    def reply(self) -> Echo:
        """The answer to a request."""
        return self._replace(source=self.destination, destination=self.source, request=False)

    def packet(self) -> bytes:
        """The IP packet."""
        kind = _ECHO_REQUEST if self.request else _ECHO_REPLY
        body = struct.pack("!BBHHH", kind, 0, 0, self.identifier, self.sequence) + self.payload
        body = body[:2] + checksum(body).to_bytes(2) + body[4:]
        addresses = _packed(self.source) + _packed(self.destination)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, _ICMP, 0) + addresses
        return header[:10] + checksum(header).to_bytes(2) + header[12:] + body


def parse(packet: bytes) -> Echo | None:
    """The echo in an IP packet; None when it is something else or damaged."""
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != _ICMP:
        return None
    start, total = (packet[0] & 15) * 4, int.from_bytes(packet[2:4])
    body = packet[start:total]
    if start < 20 or total > len(packet) or len(body) < 8 or checksum(packet[:start]) or checksum(body):
        return None
    kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", body)
    if kind not in (_ECHO_REPLY, _ECHO_REQUEST) or code:
        return None
    source, destination = _text(packet[12:16]), _text(packet[16:20])
    return Echo(source, destination, kind == _ECHO_REQUEST, identifier, sequence, body[8:])


def checksum(data: bytes) -> int:
    """The Internet checksum; 0 for data that has its checksum in it."""
    data = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def _text(address: bytes) -> str:
    return str(ipaddress.IPv4Address(address))

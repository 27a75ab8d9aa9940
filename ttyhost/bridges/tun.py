"""A TUN interface, made and set up with Linux's ioctls alone (no ``ip`` needed).

Facts: Documentation/networking/tuntap.rst, netdevice(7).
"""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import logging
import os
import socket
import struct
import sys
from dataclasses import dataclass

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCSIFADDR, _SIOCSIFDSTADDR, _SIOCSIFNETMASK = 0x8916, 0x8918, 0x891C
_SIOCSIFMTU = 0x8922
_IFF_UP = 0x1
_IFNAMSIZ = 16
_DEVICE = "/dev/net/tun"


@dataclass(frozen=True)
class Addresses:
    """The two ends of the link, as in ``--addr 10.0.0.1:10.0.0.2``."""

    local: ipaddress.IPv4Address
    remote: ipaddress.IPv4Address

    @classmethod
    def parse(cls, text: str) -> Addresses:
        """Raises ValueError with a sentence."""
        local, colon, remote = text.partition(":")
        if not colon:
            raise ValueError(f"{text!r}: give LOCAL:REMOTE, as 10.0.0.1:10.0.0.2")
        try:
            return cls(ipaddress.IPv4Address(local), ipaddress.IPv4Address(remote))
        except ValueError as error:
            raise ValueError(f"{text!r}: {error}: give LOCAL:REMOTE, as 10.0.0.1:10.0.0.2") from None

    def __str__(self) -> str:
        return f"{self.local}:{self.remote}"


class Tun:
    """One TUN interface: ``fd`` gives and takes whole IP packets and does not block. It is gone
    after ``close``."""

    def __init__(self, name: str = "") -> None:
        """Raises OSError: ENOENT no TUN on this system, EPERM or EACCES not allowed, EBUSY the
        name is in use, EINVAL the name cannot be."""
        if not sys.platform.startswith("linux"):
            raise OSError(errno.ENOENT, "TUN interfaces are made on Linux only", _DEVICE)
        wanted = name.encode()
        if len(wanted) >= _IFNAMSIZ:
            raise OSError(errno.EINVAL, f"an interface's name has at most {_IFNAMSIZ - 1} characters", name)
        self.fd = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            request = struct.pack("16sH22x", wanted, _IFF_TUN | _IFF_NO_PI)
            reply = fcntl.ioctl(self.fd, _TUNSETIFF, request)
        except OSError:
            self.close()
            raise
        self.name = reply[:_IFNAMSIZ].rstrip(b"\0").decode()

    def configure(self, addresses: Addresses | None, mtu: int) -> None:
        """Set MTU and addresses, then bring the interface up. Raises OSError."""
        self._no_autoconf()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            self._set(control, _SIOCSIFMTU, struct.pack("i", mtu))
            if addresses is not None:
                self._set(control, _SIOCSIFADDR, _sockaddr(addresses.local))
                self._set(control, _SIOCSIFDSTADDR, _sockaddr(addresses.remote))
                self._set(control, _SIOCSIFNETMASK, _sockaddr(ipaddress.IPv4Address("255.255.255.255")))
            (flags,) = struct.unpack_from("16xH", self._set(control, _SIOCGIFFLAGS, b""))
            self._set(control, _SIOCSIFFLAGS, struct.pack("H", flags | _IFF_UP))

    def _set(self, control: socket.socket, request: int, value: bytes) -> bytes:
        return fcntl.ioctl(control, request, struct.pack("16s24s", self.name.encode(), value))

    def _no_autoconf(self) -> None:
        """No IPv6 link-local address by itself: a slow line is not for router solicitations."""
        try:
            with open(f"/proc/sys/net/ipv6/conf/{self.name}/addr_gen_mode", "w") as mode:
                mode.write("1")
        except OSError as error:  # no IPv6 here, or /proc is read-only: then there may be a few
            logging.getLogger(__name__).debug("%s: %s", self.name, error)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _sockaddr(address: ipaddress.IPv4Address) -> bytes:
    return struct.pack("=HH4s8x", socket.AF_INET, 0, address.packed)

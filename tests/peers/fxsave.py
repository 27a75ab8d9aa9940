"""Run a command whose ptrace cannot see the extended registers: ``python fxsave.py COMMAND ...``.

User-Mode Linux 6.1 keeps room for 4 KiB of registers. A CPU with AMX has 11 KiB of them, and the
guest's first process dies ("panic ... put_fp_registers"). UML asks once whether PTRACE_GETREGSET
gives NT_X86_XSTATE; when it does not, it keeps the 512 bytes of FXSAVE. A guest can do with these if
it leaves the other registers alone: GUEST, for the kernel's command line, tells its C library so.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_PTRACE, _PTRACE_GETREGSET, _NT_X86_XSTATE = 101, 0x4204, 0x202
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _REQUEST, _ADDRESS = 0, 16, 32
"""Where seccomp's data has the system call's number, and two of its arguments."""
_ALLOW, _EINVAL = 0x7FFF0000, 0x00050000 | 22

FILTER = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_IF_EQUAL, 0, 5, _PTRACE),
        (_LOAD, 0, 0, _REQUEST),
        (_JUMP_IF_EQUAL, 0, 3, _PTRACE_GETREGSET),
        (_LOAD, 0, 0, _ADDRESS),
        (_JUMP_IF_EQUAL, 0, 1, _NT_X86_XSTATE),
        (_RETURN, 0, 0, _EINVAL),
        (_RETURN, 0, 0, _ALLOW),
    )
)
GUEST = ("GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX_Fast_Unaligned_Load",)
"""What the kernel does not know it hands to init, as its environment."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def needed() -> bool:
    """This CPU has more registers than UML has room for."""
    with open("/proc/cpuinfo") as info:
        return "amx_tile" in info.read()


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(FILTER) // 8, FILTER)
    for call in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*call):
            error = ctypes.get_errno()
            sys.exit(f"fxsave: prctl{call[:2]}: {os.strerror(error)}")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()

"""The system calls that the process may make: a list of what is allowed, enforced by the kernel (seccomp)."""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

# Numbers of <asm/unistd_64.h> and, for arm64, of <asm-generic/unistd.h>; None where an architecture has no such call.
# Absent on purpose: whatever opens, names, duplicates or controls a descriptor (newfstatat and fcntl too), starts a process,
# signals or asks about another one, changes limits, priorities, credentials or name spaces, or makes a socket.
ALLOWED: dict[str, tuple[int, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "sysinfo": (99, 179),  # by glibc's qsort
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "rseq": (334, 293),  # without it glibc ends the process at the first thread
}
"""The calls by name, with their numbers on x86-64 and on arm64."""

THREAD_FLAGS = (0x3D0F00, 0x7D0F00)
"""What glibc and musl pass to clone(2) for a thread of the same process; any other flags would make something else."""


class Architecture(NamedTuple):
    """What a filter must know of a machine: the column of ALLOWED, <linux/audit.h>'s AUDIT_ARCH_…, and three more calls."""

    column: int
    audit_arch: int
    seccomp: int
    clone: int
    clone3: int
    has_x32: bool

    @property
    def allowed(self) -> list[int]:
        """The numbers of the allowed calls."""
        return [number for numbers in ALLOWED.values() if (number := numbers[self.column]) is not None]


ARCHITECTURES = {
    "x86_64": Architecture(0, 0xC000003E, 317, 56, 435, has_x32=True),
    "aarch64": Architecture(1, 0xC00000B7, 277, 220, 435, has_x32=False),
}
"""By the kernel's name of the machine."""

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER, _FILTER_ALL_THREADS = 1, 1
_LOAD_WORD, _IF_EQUAL, _IF_GREATER_OR_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in `struct seccomp_data`
_ENDS = {
    "allow": 0x7FFF0000,
    "fail": 0x00050000 | errno.EPERM,
    "unknown": 0x00050000 | errno.ENOSYS,
    "kill": 0x80000000,
}
_X32_CALLS = 0x40000000  # from here on x86-64 numbers the same calls a second time


def install_filter(*, may_start_threads: bool = False) -> bool:
    """From now on no thread of this process can make any call but the allowed ones, also if a file has taken it over.

    Another call fails with EPERM; one in another architecture's numbering ends the process. Returns False if this machine
    cannot filter; the limits and the forced demuxer still protect then.
    """
    architecture = ARCHITECTURES.get(os.uname().machine)
    if architecture is None or struct.calcsize("P") != 8:
        return False
    program = filter_program(architecture, may_start_threads=may_start_threads)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    number, mode, flags = map(ctypes.c_long, (architecture.seccomp, _SECCOMP_SET_MODE_FILTER, _FILTER_ALL_THREADS))
    return bool(libc.syscall(number, mode, flags, ctypes.byref(header)) == 0)


def filter_program(architecture: Architecture, *, may_start_threads: bool) -> bytes:
    """Returns the classic BPF program over `struct seccomp_data`.

    With threads, clone is allowed with the flags of a thread. clone3 keeps its flags where no filter can read them: it is
    said to be unknown, and C libraries fall back on clone.
    """
    # Each step: what it does, with which value, and where it goes if it is a test that succeeds.
    steps: list[tuple[int, int, str]] = [
        (_LOAD_WORD, _ARCHITECTURE, ""),
        (_IF_EQUAL, architecture.audit_arch, "known"),
        (_RETURN, _ENDS["kill"], ""),
        (_LOAD_WORD, _NUMBER, ""),
    ]
    if architecture.has_x32:
        steps.append((_IF_GREATER_OR_EQUAL, _X32_CALLS, "kill"))
    steps += [(_IF_EQUAL, call, "allow") for call in architecture.allowed]
    if may_start_threads:
        steps += [(_IF_EQUAL, architecture.clone3, "unknown"), (_IF_EQUAL, architecture.clone, "clone")]
    steps.append((_RETURN, _ENDS["fail"], ""))
    places = {"known": 3, "clone": len(steps)}
    steps.append((_LOAD_WORD, _FIRST_ARGUMENT, ""))
    steps += [(_IF_EQUAL, flags, "allow") for flags in THREAD_FLAGS]
    for end in ("fail", "allow", "unknown", "kill"):
        places[end] = len(steps)
        steps.append((_RETURN, _ENDS[end], ""))
    return b"".join(
        struct.pack("HBBI", code, places[to] - at - 1 if code in (_IF_EQUAL, _IF_GREATER_OR_EQUAL) else 0, 0, value)
        for at, (code, value, to) in enumerate(steps)
    )

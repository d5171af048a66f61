"""Limits of the process: its resources, by rlimit, and its system calls, by seccomp."""

import ctypes
import platform
import resource
import struct

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD_WORD, _IF_EQUAL, _IF_GREATER_OR_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL_WITH_EPERM = 0x7FFF0000, 0x00050001
_X32_CALLS = 0x40000000  # the second numbering of the same calls on x86-64

# Linux system call numbers, <asm/unistd.h>: opening or changing anything by name, sockets, programs, other processes.
_FORBIDDEN = {
    "x86_64": (
        0xC000003E,
        # open creat openat openat2 truncate rename mkdir rmdir link unlink symlink chmod chown and their …at forms
        (2, 85, 257, 437, 76, 82, 83, 84, 86, 87, 88, 90, 92, 94, 258, 259, 260, 263, 264, 265, 266, 268, 316),
        # socket connect bind listen socketpair execve execveat fork vfork ptrace kill io_uring_setup process_vm_*
        (41, 42, 49, 50, 53, 59, 322, 57, 58, 101, 62, 425, 310, 311),
    ),
    "aarch64": (
        0xC00000B7,
        (56, 437, 45, 33, 34, 35, 36, 37, 38, 53, 54, 276),
        (198, 203, 200, 201, 199, 221, 281, 117, 129, 425, 270, 271),
    ),
}


def limit_resources(*, memory_bytes: int, address_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    """Limit private memory, address space, CPU time and file size; forbid core dumps.

    `memory_bytes` bounds what is private and writable: all of a process but the code of its libraries.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))


def install_filter() -> bool:
    """From now on the process can open no file, socket or program, also if a file has taken it over (seccomp).

    It keeps the descriptors that are open. Returns False if this machine cannot do that; the resource limits and the forced
    demuxer still protect then.
    """
    calls = _FORBIDDEN.get(platform.machine())
    if calls is None:
        return False
    audit_arch, naming, reaching_out = calls
    program = _filter(audit_arch, (*naming, *reaching_out), has_x32=platform.machine() == "x86_64")
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0) == 0)


def _filter(audit_arch: int, calls: tuple[int, ...], *, has_x32: bool) -> bytes:
    """A classic BPF program over `struct seccomp_data`: number at offset 0, architecture at 4."""

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    tests = [step(_IF_GREATER_OR_EQUAL, _X32_CALLS, len(calls) + 1)] if has_x32 else []
    tests += [step(_IF_EQUAL, call, len(calls) - number) for number, call in enumerate(calls)]
    return b"".join(
        [
            step(_LOAD_WORD, 4),
            step(_IF_EQUAL, audit_arch, 1, 0),
            step(_RETURN, _FAIL_WITH_EPERM),
            step(_LOAD_WORD, 0),
            *tests,
            step(_RETURN, _ALLOW),
            step(_RETURN, _FAIL_WITH_EPERM),
        ]
    )

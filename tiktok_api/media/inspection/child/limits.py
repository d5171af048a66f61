"""The limits of the process that need no list of system calls: its resources, and its life by that of its parent."""

import ctypes
import os
import re
import resource
import signal
import struct
import threading

THREADS = 4
"""For a decoder that needs some: libde265 starts one for each picture, and ends it."""

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CAPABILITIES_VERSION = 0x20080522  # <linux/capability.h>, of two times 32 bits in each of three sets


def die_with(parent: int) -> None:
    """From now on the kernel kills this process when the thread that started it, of the process `parent`, ends.

    That thread waits for this process, so it ends first only if its process is killed.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)


def limit_resources(*, memory_bytes: int, address_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    """Limit private memory, address space, CPU time and file size; forbid core dumps, more descriptors and locked memory.

    `memory_bytes` bounds what is private and writable: all of a process but the code of its libraries. Open descriptors stay
    usable.
    """
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_AS, address_bytes),
        (resource.RLIMIT_FSIZE, output_bytes),
    ):
        resource.setrlimit(kind, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


def limit_processes(*, may_start_threads: bool) -> None:
    """Forbid processes and threads, or allow a few threads. The kernel does not hold root to this limit.

    It counts all processes of a user together, so an allowance works only in a user namespace, which has a count of its own
    from Linux 5.14 on. Where there is none, the address space alone limits the threads. Raises RuntimeError if no thread can be
    started: the decoder would call that a fault of the file.
    """
    if not may_start_threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        return
    if _counts_by_namespace() and ctypes.CDLL(None).unshare(_CLONE_NEWUSER) == 0:
        allowed = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        most = THREADS + 1 if allowed == resource.RLIM_INFINITY else min(THREADS + 1, allowed)
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    trial = threading.Thread()
    trial.start()
    trial.join()


def drop_capabilities() -> None:
    """Give up what root may do: among the allowed calls, madvise could take memory of the whole machine out of use."""
    header, none = struct.pack("Ii", _CAPABILITIES_VERSION, 0), bytes(24)
    ctypes.CDLL(None).capset(header, none)


def _counts_by_namespace() -> bool:
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (5, 14)

"""`python -m tests.media.inspection.taken_over`: what a decoder can do that a file has taken over, as JSON.

Each call and each attack is made by a process of its own, inside the walls of the child that opens media.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path

from tiktok_api.media.inspection.child import __main__ as child
from tiktok_api.media.inspection.child import limits
from tiktok_api.media.inspection.child.seccomp import ARCHITECTURES

MOST_CALLS = 600
MOST_THREADS = 40
X32 = 1 << 30
UNPRIVILEGED = 65_534
PASSED, REFUSED, UNKNOWN, NOT_TRIED = 0, 101, 102, 103
LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = {  # what neither Python nor the C library has a function for: on x86-64 and on arm64
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "ptrace": (101, 117),
    "kcmp": (312, 272),
    "prlimit64": (302, 261),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "clone3": (435, 435),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setuid": (105, 146),
    "prctl": (157, 167),
    "seccomp": (317, 277),
    "memfd_create": (319, 279),
    "execveat": (322, 281),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "mq_open": (240, 180),
    "shmget": (29, 194),
    "semget": (64, 190),
    "landlock_create_ruleset": (444, 444),
    "name_to_handle_at": (303, 264),
    "statx": (332, 291),
    "ioctl": (16, 29),
    "timer_create": (222, 107),
    "reboot": (169, 142),
}


def outcome(act, *, may_start_threads=False, is_root=True):
    """How `act` ends in a process of its own behind the walls: its number, or the signal that ended it below 0."""
    pid = os.fork()
    if pid == 0:
        try:
            if not is_root and os.geteuid() == 0:
                os.setgroups([])
                os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
            os._exit(
                act() if child.confine(child.ProcessLimits(4096), may_start_threads=may_start_threads) else NOT_TRIED
            )
        except BaseException as error:
            os.write(2, repr(error).encode())  # standard error is open
            os._exit(NOT_TRIED)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def call(number, *arguments):
    """Make a system call by its number. Returns how it ended."""
    if LIBC.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments or (-1,) * 6)) != -1:
        return PASSED
    return {errno.EPERM: REFUSED, errno.ENOSYS: UNKNOWN}.get(ctypes.get_errno(), PASSED)


def refused(act):
    """Returns how a function of Python's ended."""
    try:
        act()
    except (PermissionError, ValueError):  # the latter is setrlimit's
        return REFUSED
    except OSError:
        return PASSED
    return PASSED


def every_call(*, may_start_threads):
    """How each number ends, without a useful argument; the last ones are the numbers of x32."""
    numbers = [*range(MOST_CALLS), X32, X32 + 39, 2 * X32 - 1]
    return {str(number): outcome(partial(call, number), may_start_threads=may_start_threads) for number in numbers}


def attacks(sibling):
    """How each attack ends."""
    column = ARCHITECTURES[os.uname().machine].column
    raw = {f"call {name}": lambda name=name: call(NUMBERS[name][column], sibling, *[0] * 5) for name in NUMBERS}
    held = os.open("/dev/null", os.O_RDONLY)
    functions = {
        "kill a sibling": lambda: os.kill(sibling, signal.SIGKILL),
        "kill the group of a sibling": lambda: os.killpg(sibling, signal.SIGKILL),
        "leave a daemon behind": os.fork,
        "leave its session": os.setsid,
        "open a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "look at a file": Path("/etc/passwd").stat,
        "list a folder": lambda: list(os.scandir("/")),
        "link to a file": lambda: os.link("/etc/passwd", "/linked"),
        "open a socket": lambda: socket.socket(),
        "open a pipe": os.pipe,
        "run a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - refused
        "have a descriptor twice": lambda: os.dup(held),
        "be told of a descriptor by a signal to a sibling": lambda: fcntl.fcntl(held, fcntl.F_SETOWN, sibling),
        "wait for a descriptor": lambda: select.select([held], [], [], 0),
        "lower a sibling's priority": lambda: os.setpriority(os.PRIO_PROCESS, sibling, 19),
        "choose a sibling's cores": lambda: os.sched_setaffinity(sibling, {0}),
        "limit a sibling": lambda: resource.prlimit(sibling, resource.RLIMIT_CPU, (1, 1)),
        "have its own limits back": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    }
    acts = raw | {name: lambda act=act: refused(act) for name, act in functions.items()}
    return {
        f"{name}{', where threads may start' * may}": outcome(act, may_start_threads=bool(may))
        for may in (0, 1)
        for name, act in acts.items()
    }


def other_architecture():
    """How a call by the numbers of 32-bit programs ends (int 0x80): getpid, which is allowed by its own number."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    code = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return outcome(lambda: code() and PASSED)


def threads():
    """How many threads start where some may, and where none may; 40 are tried."""

    def count():
        hold, started = threading.Event(), 0
        try:
            while started < MOST_THREADS:
                threading.Thread(target=hold.wait, daemon=True).start()
                started += 1
        except RuntimeError:
            pass
        return started

    return {str(may): outcome(count, may_start_threads=may, is_root=False) for may in (True, False)}


def no_thread_left():
    """How limiting ends for a user who has as many processes as they may: a decoder could start no thread."""
    pid = os.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        try:
            limits.limit_processes(may_start_threads=True)
        except RuntimeError:
            os._exit(REFUSED)
        except BaseException as error:
            os.write(2, repr(error).encode())
        os._exit(NOT_TRIED)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forks_in_disguise():
    """How clone ends with flags that are not those of a thread: a process, one that shares memory, a new user namespace."""
    clone = ARCHITECTURES[os.uname().machine].clone
    flags = [signal.SIGCHLD, 0x100 | signal.SIGCHLD, 0x3D0F00 | 0x10000000, 0x3D0F00 & ~0x10000, 0]
    return {hex(each): outcome(partial(call, clone, each, *[0] * 5), may_start_threads=True) for each in flags}


if __name__ == "__main__":
    threading.Thread(target=int).start()  # what Python imports for its first thread is there
    found = {
        "calls": lambda: every_call(may_start_threads=False),
        "calls with threads": lambda: every_call(may_start_threads=True),
        "attacks": lambda: attacks(int(sys.argv[2])),
        "other architecture": other_architecture,
        "threads": threads,
        "no thread left": no_thread_left,
        "forks": forks_in_disguise,
    }[sys.argv[1]]()
    sys.stdout.write(json.dumps(found))

"""`python -m tests.media.inspection.without_seccomp PROGRAM …`: runs a program where the kernel knows no seccomp(2).

So it is in some containers and on some kernels. The profile of this process stands in for them.
"""

import ctypes
import errno
import os
import struct
import sys

from tiktok_api.media.inspection.child.seccomp import ARCHITECTURES

if __name__ == "__main__":
    number = ARCHITECTURES[os.uname().machine].seccomp
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.ENOSYS), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.byref(header), 0, 0) != 0:
        sys.exit("this machine cannot filter system calls")
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - a test's own command

"""What keeps a process from other users of the machine and from other processes of its own user: umask and memory."""

import ctypes
import os

_PR_SET_DUMPABLE = 4


def keep_private() -> None:
    """From now on this process makes files for its own user alone, and no process but root's can read its memory.

    It also dumps no core. What it forks is private as well, what it executes must ask again. Without Linux, only the files are.
    """
    os.umask(0o077)
    hide_memory()


def hide_memory() -> None:
    """From now on no other process of this user can trace this one, read its memory or take its descriptors (Linux)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

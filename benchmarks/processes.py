"""What processes have used, from /proc: CPU time and memory of whole trees of them."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _OF_ENDED = 11, 12, (13, 14)
"""Fields of /proc/PID/stat after the name (proc(5): 14 to 17)."""


def tree_of(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [below for child in _words(file) for below in tree_of(int(child))]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of processes and all below them, ended ones included."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def pss_mebibytes(pid: int) -> float:
    """Memory of a process and all below it; what n of them share counts as an n-th for each."""
    kibibytes = 0
    for each in tree_of(pid):
        words = _words(Path(f"/proc/{each}/smaps_rollup"))
        kibibytes += int(words[words.index("Pss:") + 1]) if "Pss:" in words else 0
    return kibibytes / 1024


def _ticks(pid: int) -> int:
    total = 0
    for each in tree_of(pid):
        words = _words(Path(f"/proc/{each}/stat"), after=") ")
        total += sum(int(words[at]) for at in (_UTIME, _STIME, *_OF_ENDED) if words)
    return total


def _words(file: Path, *, after: str = "") -> list[str]:
    try:
        text = file.read_text()
    except OSError:  # it has ended
        return []
    return (text.rpartition(after)[2] if after else text).split()

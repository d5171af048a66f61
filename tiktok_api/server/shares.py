"""How many connections each process has, so that none takes what another one has more time for.

All processes listen on one socket, and the one that looks first would take every connection of a client that opens many at
once: the others would have nothing to do, for as long as these stay open.
"""

import mmap

_SLOTS = 256
_UNUSED = -1


class Shares:
    """The counts, in memory that processes share which are forked after it was made."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * _SLOTS)).cast("i")
        for slot in range(_SLOTS):
            self._counts[slot] = _UNUSED

    def tell(self, process: int, connections: int) -> None:
        """Tell how many connections a process has, by gunicorn's number of it."""
        self._counts[process % _SLOTS] = connections

    def forget(self, process: int) -> None:
        """It has ended."""
        self._counts[process % _SLOTS] = _UNUSED

    def has_more(self, process: int) -> bool:
        """Returns True if another process has fewer connections."""
        mine = self._counts[process % _SLOTS]
        return any(_UNUSED < count < mine for count in self._counts)


shares = Shares()
"""Made in gunicorn's master, which imports it before it forks."""

"""How many connections each process has, so that none takes what another one has more time for.

All processes listen on one socket, and the one that looks first would take every connection of a client that opens many at
once: the others would have nothing to do, for as long as these stay open.
"""

import mmap
import time

_SLOTS = 256
_UNUSED = -1
_HEAD_START_SECONDS = 0.001
_MOST_VAIN, _HURRY_SECONDS = 16, 0.5
"""Where so many head starts in a row were of no use, as when another process hangs, there is none for so long."""

_counts = memoryview(mmap.mmap(-1, 4 * _SLOTS)).cast("i")
"""Memory that processes share which are forked after this was imported, as it is by gunicorn's master."""
for _slot in range(_SLOTS):
    _counts[_slot] = _UNUSED


def forget(process: int) -> None:
    """A process, by gunicorn's number of it, accepts no more connections."""
    _counts[process % _SLOTS] = _UNUSED


class Share:
    """What one process has."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._accepts, self._has_waited, self._vain, self._hurries_until = True, False, 0, 0.0
        self.tell(0)

    def tell(self, connections: int) -> None:
        """Tell the others how many connections this process has."""
        self._has_waited = False
        if self._accepts:
            _counts[self._process % _SLOTS] = connections

    def end(self) -> None:
        """This process accepts no more, although it has some still."""
        self._accepts = False
        forget(self._process)

    def is_larger(self) -> bool:
        """Returns True if another process has fewer connections."""
        mine = _counts[self._process % _SLOTS]
        return any(_UNUSED < count < mine for count in _counts)

    def give_head_start(self) -> None:
        """Let processes with fewer connections take the one that has come."""
        if not self.is_larger() or time.monotonic() < self._hurries_until:
            return
        time.sleep(_HEAD_START_SECONDS)
        self._has_waited = True
        self._vain += 1
        if self._vain > _MOST_VAIN:
            self._vain, self._hurries_until = 0, time.monotonic() + _HURRY_SECONDS

    def was_useful(self) -> None:
        """There is no connection: another process has taken the one for which it had a head start, if any."""
        if self._has_waited:
            self._vain = 0

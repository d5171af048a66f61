"""Coverage of processes that tests kill: what was executed is written down twice a second, because SIGKILL waits for nothing.

Named as a plugin in setup.cfg; it measures nothing by itself.
"""

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

from coverage import Coverage

EVERY_SECONDS = 0.5
_LONGEST_SECONDS = 60

_savers: dict[int, threading.Thread] = {}
"""One thread for each process; a fork inherits the entries and not the threads."""
_ending = threading.Event()
_saving = threading.RLock()
"""Held while data are written, by the saver or by coverage itself at an exit, and while a process forks: coverage keeps no journal,
so that two who write at once, or a fork that ends what its parent is writing, spoil the file of a whole process."""
_inherited: list[Coverage | None] = []
"""The measurements of this process's parents, whose files are not its own."""


def coverage_init(_registry: Any, _options: Any) -> None:
    """Called by coverage in every process that it measures."""
    if not _savers:
        os.register_at_fork(before=_hold_still, after_in_parent=_go_on, after_in_child=_begin_anew)
        atexit.register(_stop)
        Coverage.save = _one_at_a_time(Coverage.save)  # type: ignore[method-assign]
        Coverage._atexit = _one_at_a_time(Coverage._atexit)  # type: ignore[method-assign]
    _save_from_now_on()


def _hold_still() -> None:
    _saving.acquire()
    _inherited.append(Coverage.current())


def _go_on() -> None:
    _inherited.pop()
    _saving.release()


def _begin_anew() -> None:
    _saving._at_fork_reinit()  # type: ignore[attr-defined]  # as the standard library's own locks after a fork
    _save_from_now_on()


def _one_at_a_time(save: Callable[..., None]) -> Callable[..., None]:
    def wait_and_save(self: Coverage, *arguments: Any) -> None:
        if self not in _inherited:
            with _saving:
                save(self, *arguments)

    return wait_and_save


def _save_from_now_on() -> None:
    if os.getpid() not in _savers:
        _savers[os.getpid()] = threading.Thread(target=_save, name="coverage-saver", daemon=True)
        _savers[os.getpid()].start()


def _stop() -> None:
    """No thread may be inside SQLite while the interpreter is taken down; but one may wait for ever, for a lock that was forked."""
    _ending.set()
    _savers[os.getpid()].join(_LONGEST_SECONDS)


def _save() -> None:
    saved = 0
    while not _ending.wait(EVERY_SECONDS):
        with contextlib.suppress(Exception):  # the process may be ending
            saved = _save_what_is_new(Coverage.current(), saved)


def _save_what_is_new(measured: Coverage | None, saved: int) -> int:
    """Save if more than `saved` steps are known. Returns how many are."""
    collector = measured._collector if measured is not None else None
    if measured is None or collector is None:
        return 0
    # Coverage empties what it has collected when it is written, and what other threads execute meanwhile would be lost.
    collector._clear_data = _keep_data
    known = sum(len(steps) for steps in list(collector.data.values()))
    if known != saved:
        measured.save()
    return known


def _keep_data() -> None:
    """Instead of emptying."""

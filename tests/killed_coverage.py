"""Coverage of processes that tests kill: what was executed is written down twice a second, because SIGKILL waits for nothing.

Named as a plugin in setup.cfg; it measures nothing by itself.
"""

import contextlib
import os
import threading
import time
from typing import Any

from coverage import Coverage

EVERY_SECONDS = 0.5


def coverage_init(_registry: Any, _options: Any) -> None:
    """Called by coverage in every process that it measures."""
    _save_from_now_on()
    os.register_at_fork(after_in_child=_save_from_now_on)


def _save_from_now_on() -> None:
    threading.Thread(target=_save, name="coverage-saver", daemon=True).start()


def _save() -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        measured = Coverage.current()
        if measured is not None:
            with contextlib.suppress(Exception):  # the process may be ending
                measured.save()

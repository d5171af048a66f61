"""Loading an application: what is imported stays until the process ends, so looking for garbage in it is work for nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Import here without garbage collections; later ones leave alone what was loaded.

    They would take a quarter of the time, and the last one, when the process ends, as much again. What is forked
    afterwards shares the memory that no collection writes to.
    """
    gc.unfreeze()
    gc.collect()  # what was loaded before may be replaced now
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

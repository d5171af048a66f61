"""Work in a transaction that is tried, and of which nothing is kept."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tiktok_api.db import db, savepoint


@contextmanager
def undone_if(is_trial: bool) -> Iterator[None]:
    """A part of the open transaction that is undone at its end if it was a trial; what cannot be written is told all the same."""
    with suppress(_TrialEnded), savepoint():
        yield
        if is_trial:
            db.session.flush()
            raise _TrialEnded


class _TrialEnded(Exception):
    """Nothing of it is kept."""

"""The test clock: an offset in the database, so that every process moves at once; read only where ALLOW_TEST_CLOCK says so."""

from datetime import timedelta
from uuid import UUID

from flask import has_app_context
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from tiktok_api.db import Model, db, transaction
from tiktok_api.errors import Forbidden
from tiktok_api.extensions import service
from tiktok_api.settings import Settings

_ONLY_ROW = UUID(int=1)


class TestClockForbidden(Forbidden):
    message = "The test clock can be moved only where ALLOW_TEST_CLOCK is set."


class ClockOffset(Model):
    """One row: how far business time is ahead of the real clock."""

    __tablename__ = "clock_offset"

    seconds: Mapped[float]


_SECONDS = select(ClockOffset.seconds).where(ClockOffset.id == _ONLY_ROW)  # built once: it is executed all the time


def offset() -> timedelta:
    """How far business time is ahead; always zero where the test clock is not allowed."""
    if not has_app_context() or not service(Settings).allow_test_clock:
        return timedelta(0)
    seconds = db.session.connection().scalar(_SECONDS)  # on the connection: reading the time must flush nothing
    return timedelta(seconds=seconds or 0.0)


def advance(by: timedelta) -> timedelta:
    """Move business time forward, for every process at once. Returns the whole offset. Raises TestClockForbidden."""
    if not service(Settings).allow_test_clock:
        raise TestClockForbidden
    with transaction() as session:
        row = session.get(ClockOffset, _ONLY_ROW, with_for_update=True)
        if row is None:
            row = ClockOffset(id=_ONLY_ROW, seconds=0.0)
            session.add(row)
        row.seconds += by.total_seconds()
        return timedelta(seconds=row.seconds)

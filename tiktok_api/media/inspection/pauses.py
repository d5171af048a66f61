"""Pauses of owners whose files exhaust what an inspection may use: the next inspection waits longer each time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, select

from tiktok_api import clock
from tiktok_api.db import db, insert_into, new_id
from tiktok_api.jobs.backoff import backoff
from tiktok_api.media.inspection.sandbox import Rejection
from tiktok_api.media.models import InspectionPause

EXHAUSTING = "file_too_complex"
_FIRST_SECONDS, _LONGEST_SECONDS = 60.0, 3600.0
_FORGIVEN_AFTER = timedelta(days=1)


def paused_until(owner_id: UUID) -> datetime | None:
    """Returns when the owner's next file may be opened; None: now."""
    paused = select(InspectionPause.until_at).where(InspectionPause.owner_id == owner_id)
    return db.session.scalar(paused.where(InspectionPause.until_at > clock.now()))


def pause_if_exhausting(owner_id: UUID, outcome: object) -> None:
    """Begin a pause if a file took more than is allowed: a minute, then two, up to an hour; forgiven after a day without one."""
    if not isinstance(outcome, Rejection) or outcome.code != EXHAUSTING:
        return
    now = clock.now()
    values = {"id": new_id(), "created_at": now, "owner_id": owner_id, "strikes": 1, "until_at": now}
    is_forgiven = InspectionPause.until_at < now - _FORGIVEN_AFTER
    strikes = case((is_forgiven, 1), else_=InspectionPause.strikes + 1)
    statement = insert_into(InspectionPause).values(values)
    statement = statement.on_conflict_do_update(index_elements=["owner_id"], set_={"strikes": strikes})
    db.session.execute(statement)
    paused = select(InspectionPause).where(InspectionPause.owner_id == owner_id).with_for_update()
    pause = db.session.scalars(paused.execution_options(populate_existing=True)).one()
    seconds = backoff(pause.strikes - 1, first=_FIRST_SECONDS, longest=_LONGEST_SECONDS)
    pause.until_at = now + timedelta(seconds=seconds)

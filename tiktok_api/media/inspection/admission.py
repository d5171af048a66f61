"""The frame of every job that opens an owner's file: not during a pause of the owner, and again later while storage fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeVar
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.db import end_reading
from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.media.inspection import pauses
from tiktok_api.storage.errors import StorageFull, StorageUnreachable

log = structlog.get_logger(__name__)

_PAUSE = timedelta(seconds=30)


class _Owned(Protocol):
    @property
    def owner_id(self) -> UUID: ...


Pending = TypeVar("Pending", bound=_Owned)


def open_unless_paused(
    job: ClaimedJob, pending: Pending | None, act: Callable[[Pending], RunAgain | None]
) -> RunAgain | None:
    """End the reading transaction and let `act` do what is pending, if anything is; later, if its owner is paused.

    A failing storage says nothing about the file, however long it lasts: the job then runs again.
    """
    until = pauses.paused_until(pending.owner_id) if pending is not None else None
    end_reading()
    if pending is None:
        return None
    if until is not None:
        return RunAgain(until)
    try:
        return act(pending)
    except (StorageUnreachable, StorageFull) as error:
        log.warning("media.waits_for_storage", kind=job.kind, media=str(job.subject), error=str(error))
        return RunAgain(clock.now() + _PAUSE)

"""What other domains ask of recurrences and tell them, in their own transactions; `composition` subscribes these."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given
from tiktok_api.jobs import queue
from tiktok_api.media.errors import MediaInUse
from tiktok_api.media.models import Media
from tiktok_api.posts.listeners import is_shown, is_shown_within_reach
from tiktok_api.posts.recurrences.models import (
    MATERIALISE,
    Recurrence,
    RecurrenceMedia,
    RecurrenceTarget,
    job_key,
)
from tiktok_api.posts.recurrences.queries import visible_to


def veto_deletion(media: Media) -> None:
    """Refuse to delete media that posts of a recurrence will show. Raises MediaInUse.

    One that has ended makes no posts any more: it forgets the media.
    """
    shows_it = select(RecurrenceMedia.recurrence_id).where(RecurrenceMedia.media_id == media.id)
    coming = select(Recurrence.id).where(Recurrence.id.in_(shows_it), Recurrence.ended_at.is_(None))
    if db.session.scalar(coming.limit(1)) is not None:
        raise MediaInUse
    db.session.execute(delete(RecurrenceMedia).where(RecurrenceMedia.media_id == media.id))


def is_rotated(media_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Returns the condition that a recurrence shows the media whose id is in this column."""
    return exists().where(RecurrenceMedia.media_id == media_id)


def is_within_reach(caller: Identity | Given, media_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Returns the condition that a post or recurrence within the caller's reach shows the media of this column, or none at all."""
    reach = select(Recurrence.id).where(*visible_to(caller))
    is_rotated_there = exists().where(RecurrenceMedia.media_id == media_id, RecurrenceMedia.recurrence_id.in_(reach))
    is_unused = and_(~is_shown(media_id), ~is_rotated(media_id))
    return or_(is_unused, is_shown_within_reach(caller, media_id), is_rotated_there)


def veto_change(caller: Identity, media: Media) -> None:
    """Refuse that a confined key changes media that a recurrence outside its reach shows too. Raises KeyConfined."""
    reach = select(Recurrence.id).where(*visible_to(caller))
    its = (RecurrenceMedia.media_id == media.id, RecurrenceMedia.recurrence_id.not_in(reach))
    if db.session.scalar(select(RecurrenceMedia.id).where(*its).limit(1)) is not None:
        raise KeyConfined


def look_again(account: Account) -> list[UUID]:
    """Make or refuse posts anew: an account was disconnected, taken over, or connected again.

    It only enqueues: the account is locked now, and a worker locks the recurrence first. Returns no publications.
    """
    its = select(RecurrenceTarget.recurrence_id).where(RecurrenceTarget.account_id == account.id)
    active = Recurrence.id.in_(its), Recurrence.ended_at.is_(None), Recurrence.is_paused.is_(False)
    for recurrence_id in db.session.scalars(select(Recurrence.id).where(*active).order_by(Recurrence.id)):
        queue.enqueue(MATERIALISE, due_at=clock.now(), owner_id=account.owner_id, subject=recurrence_id)
    return []


def forget_recurrences(user_id: UUID) -> None:
    """Delete a user's recurrences, before their posts and the user are deleted, so that none makes another post."""
    its = select(Recurrence.id).where(Recurrence.owner_id == user_id).order_by(Recurrence.id)
    for recurrence_id in db.session.scalars(its.with_for_update()).all():
        queue.cancel(job_key(recurrence_id))
    db.session.execute(
        delete(Recurrence).where(Recurrence.owner_id == user_id).execution_options(synchronize_session=False)
    )

"""Places of a creator's own caps that become free: what is held for one looks again at once, in the order of the times.

A place becomes free when a publication that stood in line, or counted already, does not go out: it ended, or its person is asked.
So does a draft's when its person has posted it from the inbox.

And a cap that a refusal has taught may be over: a day after the refusal TikTok is asked again, and for the next one as soon as it
has taken a post.

The transaction in which that happens has a post locked. It only enqueues a job, which no other transaction has: if it ran the
jobs of other publications itself, two workers that do so at once would wait for each other's.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.posts.capacity.standing_queries import HELD_FOR
from tiktok_api.posts.limits import BINDING, LimitKind, find_limit
from tiktok_api.posts.models import Publication, job_key
from tiktok_api.posts.publishing.transitions import StateChange
from tiktok_api.posts.states import LIVE, UNFINISHED, PublicationState

RUN_HELD = "posts.run_held"
"""The kind of the job that has the publications of an account look again that are held for a cap."""
MAY_GIVE_WAY = LIVE | {PublicationState.HELD, PublicationState.FAILED, PublicationState.CANCELLED}
"""The states into which a publication may come by freeing a place; whether it did, its state before tells."""
_IN_LINE = frozenset(reason for reasons in HELD_FOR.values() for reason in reasons)


def give_way(publication: Publication, change: StateChange) -> None:
    """Let those look again that wait for the place of a publication which does not need it any more; a listener."""
    if publication.account_id is not None and _is_place_free(publication, publication.account_id, change):
        look_again(publication, publication.account_id, clock.now(), key=str(publication.id))


def look_again(publication: Publication, account_id: UUID, at: datetime, *, key: str) -> None:
    """Let those look again at a time that are held for a cap of the publication's account; once for each `key`."""
    owner_id, unique_key = publication.owner_id, f"{RUN_HELD}:{key}"
    queue.enqueue(RUN_HELD, due_at=at, owner_id=owner_id, subject=account_id, unique_key=unique_key)


def _is_place_free(publication: Publication, account_id: UUID, change: StateChange) -> bool:
    if publication.state.is_live:
        return not change.before.is_live and (not change.post.is_direct or _may_be_higher(account_id))
    is_in_line = publication.state is PublicationState.HELD and publication.reason in _IN_LINE
    return change.before in UNFINISHED and not is_in_line


def _may_be_higher(account_id: UUID) -> bool:
    """True if the creator's cap is one that a refusal has taught longer ago: what TikTok has just taken may be more."""
    learnt = find_limit(account_id, LimitKind.CREATOR_POSTS)
    return learnt is not None and clock.now() - learnt.since >= BINDING


def jobs_to_run(account_id: UUID) -> Sequence[str]:
    """Returns the keys of the jobs of an account's publications that are held for a cap, in order; not those due already."""
    held = select(Publication.id).where(
        Publication.account_id == account_id,
        Publication.state == PublicationState.HELD,
        Publication.reason.in_(_IN_LINE),
    )
    in_order = db.session.scalars(held.order_by(Publication.wanted_at, Publication.id))
    keys = [job_key(publication_id) for publication_id in in_order]
    postponed = queue.find_postponed(keys)
    return [key for key in keys if key in postponed]

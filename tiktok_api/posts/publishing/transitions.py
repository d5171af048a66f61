"""Changing the state of a publication or of its attempt, with everything that hangs on it.

Call these functions inside a transaction that has locked the row of the post.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock, events
from tiktok_api.db import db
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.jobs import queue
from tiktok_api.posts.models import PUBLISH, Attempt, Post, Publication, TimelineEntry, job_key
from tiktok_api.posts.states import ALIVE, ARRIVED, ENDED, LIVE, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostStatus

APART = timedelta(microseconds=1)
"""Workers take jobs by when they came due: so little later is after."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What is announced of a transition. `since`: when the state `before` began, where that is known."""

    post: Post
    before: PublicationState
    at: datetime
    since: datetime | None
    attempt: Attempt | None


def transition(
    post: Post,
    publication: Publication,
    state: PublicationState,
    event: str,
    *,
    reason: str | None = None,
    detail: str | None = None,
    since: datetime | None = None,
    attempt: Attempt | None = None,
    **facts: Any,
) -> datetime:
    """Bring a publication into `state`, with its timeline entry, its post's status and its announcement. Returns the time.

    `since`: when its state until now began, where the caller knows it; `attempt`: the one that brings it there. `facts` are
    other columns of the publication. The number of retries begins at 0 again.
    """
    before = publication.state
    publication.state, publication.reason, publication.detail = state, reason, detail
    publication.next_try_at, publication.retry_count = facts.pop("next_try_at", None), 0
    for name, value in facts.items():
        setattr(publication, name, value)
    entry = make_entry(publication, event, detail or reason)
    insert_rows(entry)
    siblings = db.session.scalars(select(Publication.state).where(Publication.post_id == post.id))
    post.status = derive_status(siblings)
    change = StateChange(post, before, entry.at, since, attempt)
    events.announce(f"publication.{state}", publication=publication, change=change)
    return entry.at


def add_timeline_entry(publication: Publication, event: str, detail: str | None = None) -> None:
    """Add what has happened to the publication's timeline."""
    insert_rows(make_entry(publication, event, detail))


def make_entry(publication: Publication, event: str, detail: str | None = None) -> TimelineEntry:
    """Returns the entry that says what has happened."""
    facts = {"publication_id": publication.id, "state": publication.state, "event": event, "detail": detail}
    return make_row(TimelineEntry, **facts)


def enqueue_publication(publication_id: UUID, due_at: datetime) -> None:
    """Have a worker take the publication further at `due_at`; a job that exists gets this time. Needs no lock."""
    owner_id = select(Publication.owner_id).where(Publication.id == publication_id).scalar_subquery()
    queue.enqueue(PUBLISH, due_at=due_at, owner_id=owner_id, subject=publication_id, unique_key=job_key(publication_id))


def enqueue_in_order(publication_ids: Iterable[UUID], at: datetime) -> None:
    """Have workers take publications further from `at` on, one after the other: they take jobs by when they came due.

    The rows are written in the order of the ids, so that of two transactions that do this at once one waits for the other.
    """
    due = {each: at + place * APART for place, each in enumerate(publication_ids)}
    for publication_id in sorted(due):
        enqueue_publication(publication_id, due[publication_id])


def derive_status(states: Iterable[PublicationState]) -> PostStatus:
    """Returns the status of a post whose publications are in `states`; without any it is a draft."""
    found = set(states)
    if not found:
        return PostStatus.DRAFT
    for waiting, status in (
        (PublicationState.DRAFT, PostStatus.DRAFT),
        (PublicationState.SCHEDULED, PostStatus.SCHEDULED),
    ):
        if waiting in found and found <= {waiting, PublicationState.CANCELLED}:
            return status
    if found - ENDED:
        return PostStatus.PUBLISHING
    if not found & ARRIVED:
        return PostStatus.FAILED if PublicationState.FAILED in found else PostStatus.CANCELLED
    if found == {PublicationState.INBOX_DELIVERED}:
        return PostStatus.DELIVERED
    return PostStatus.PUBLISHED if found <= LIVE else PostStatus.PARTLY_PUBLISHED


def living_attempt_of(publication: Publication) -> Attempt | None:
    """Returns the attempt that may still go live; the database lets there be one at most."""
    return db.session.scalar(
        select(Attempt)
        .where(Attempt.publication_id == publication.id, Attempt.state.in_(ALIVE))
        .execution_options(populate_existing=True)
    )


def pass_commit_point(
    post: Post, publication: Publication, attempt: Attempt, event: str, *, since: datetime | None = None
) -> None:
    """From here the post may go live, and cancelling is too late."""
    attempt.state, attempt.final_at = AttemptState.FINAL, clock.now()
    transition(post, publication, PublicationState.PROCESSING, event, since=since)


def abandon_attempt(publication: Publication, reason: str) -> bool:
    """Abandon the attempt that has not passed its commit point. Returns False if it has: then nothing was changed."""
    living = living_attempt_of(publication)
    if living is not None and living.state is AttemptState.FINAL:
        return False
    if living is not None:
        living.end(AttemptState.ABANDONED, reason)
    return True


def settle_attempt_by_person(publication: Publication, *, is_live: bool) -> None:
    """End the attempt of an unconfirmed publication on the word of the person who looked at the account."""
    living = living_attempt_of(publication)
    if living is not None:  # pragma: no branch - what is unconfirmed is past its commit point, so its attempt is alive
        living.end(AttemptState.SUCCEEDED if is_live else AttemptState.DEAD, "settled_by_person")
    if not is_live:
        publication.publish_id = None
    db.session.flush()

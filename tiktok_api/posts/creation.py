"""Creating a post: everything is found and checked first, then written once, with its final values, and answered as written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tiktok_api import events
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.jobs import queue
from tiktok_api.jobs.models import Job
from tiktok_api.media.models import Media
from tiktok_api.posts.bookkeeping.external_ids import claiming, must_be_free
from tiktok_api.posts.bookkeeping.labels import label_rows
from tiktok_api.posts.composer.consent import record_consent
from tiktok_api.posts.drafts import accounts_of, fill_in_defaults, find_media, make_publications, media_rows
from tiktok_api.posts.models import PUBLISH, Post, Publication, TimelineEntry
from tiktok_api.posts.preflight.report import Reasons, must_be_publishable
from tiktok_api.posts.publishing.fairness import due_times
from tiktok_api.posts.publishing.transitions import derive_status, make_entry
from tiktok_api.posts.schedule import resolve_time
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import pending_media


@dataclass(frozen=True, slots=True)
class PreparedPost:
    """A post that is not written yet, with its parts; `reasons` gathers what speaks against it."""

    post: Post
    publications: list[Publication]
    media: list[Media]
    accounts: dict[UUID, Any]
    reasons: Reasons


def prepare(
    caller: Identity,
    *,
    slot: dict[str, Any],
    media_ids: Sequence[UUID],
    targets: Sequence[dict[str, Any]],
    is_locked: bool = False,
    **content: Any,
) -> PreparedPost:
    """Returns a post as it would be created, and with a slot all that keeps it from going out then. Nothing is written.

    `is_locked`: what it refers to stays as it was judged until the transaction ends.
    """
    post = make_row(Post, owner_id=caller.user_id, **content)
    reasons = Reasons()
    with reasons.gather():
        must_be_free(caller, post, post.external_id)
    # Accounts before media, and all before anything refers to them, as where the user is deleted. The row of an Idempotency-Key
    # refers to the user before: of it and a deletion at that moment, PostgreSQL ends one, which may be tried again.
    accounts = accounts_of(caller, targets, is_locked=is_locked)
    media = find_media(caller, media_ids, reasons, is_locked=is_locked)
    publications = make_publications(post, targets, accounts, reasons)
    record_consent(caller, post, publications, accounts, at=post.consented_at)
    fill_in_defaults(post, publications, accounts, sent=content.keys())
    if slot:
        reasons.check_left_out(post, targets)
        with reasons.gather():
            for name, value in resolve_time(**slot).items():
                setattr(post, name, value)
        with reasons.gather():
            must_be_publishable(post, dict(enumerate(publications)), media, accounts)
    return PreparedPost(post, publications, media, accounts, reasons)


def prepare_post(caller: Identity, *, slot: dict[str, Any], **draft: Any) -> PreparedPost:
    """Returns a new post as `create_post` writes it; nothing is written. Raises what that raises."""
    prepared = prepare(caller, slot=slot, is_locked=bool(slot), **draft)
    prepared.reasons.raise_any()
    return prepared


def create_post(caller: Identity, *, slot: dict[str, Any], **draft: Any) -> SimpleNamespace:
    """Create a draft, or with a time a scheduled post. Returns it with its parts, as `queries.show_post` does.

    Raises UnknownTarget, NotPublishable, PublishTimePassed…
    """
    prepared = prepare_post(caller, slot=slot, **draft)
    post, publications, media = prepared.post, prepared.publications, prepared.media
    plan = _schedule(post, publications, post.publish_at) if post.publish_at else []
    with claiming(caller, post, post.external_id):
        insert_rows(post, *media_rows(post, media), *publications, *plan, *label_rows(post))
    if slot:
        _tell(caller, post, publications, media)
    columns = {column.key: getattr(post, column.key) for column in Post.__table__.columns}
    return SimpleNamespace(**columns, media_ids=[each.id for each in media], targets=publications)


def _schedule(post: Post, publications: Sequence[Publication], at: datetime) -> list[TimelineEntry | Job]:
    """Returns the rows by which publications that are scheduled now will be published."""
    for publication in publications:
        publication.state = PublicationState.SCHEDULED
        publication.next_try_at = publication.wanted_at = publication.post_publish_at = at
    post.status = derive_status(publication.state for publication in publications)
    jobs = [
        queue.make_job(PUBLISH, due_at=due_at, owner_id=post.owner_id, subject=each.id, unique_key=each.job_key)
        for each, due_at in zip(publications, due_times(publications, at, but=post.id), strict=True)
    ]
    return [*(make_entry(each, "scheduled") for each in publications), *jobs]


def _tell(caller: Identity, post: Post, publications: Sequence[Publication], media: Sequence[Media]) -> None:
    """Tell everyone concerned that the post is scheduled."""
    for publication in publications:
        events.announce(f"publication.{publication.state}", publication=publication)
    pending_media.check_when_known(post, media)
    audit.record(caller, "post.scheduled", subject_id=post.id)

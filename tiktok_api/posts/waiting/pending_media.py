"""Media that are still uploaded or inspected while a post shows them already.

A post may be scheduled with them. A job of the post's own checks them as soon as they are known: it is created in the
transaction that schedules the post, and made due in the one that learns what became of the media. If the checks fail, the
post fails then, long before its time. A publication that is due waits for the checks within bounds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.posts.models import Post, PostMedia, Publication
from tiktok_api.posts.preflight.report import check_media_by_cache
from tiktok_api.posts.preflight.rules import PostFinding, check_media
from tiktok_api.posts.publishing.transitions import (
    add_timeline_entry,
    enqueue_publication,
    living_attempt_of,
    transition,
)
from tiktok_api.posts.states import UNBEGUN, PublicationState
from tiktok_api.posts.vocabulary import PostStatus

CHECK_MEDIA = "posts.check_media"
INSPECTING, UPLOADING = "media_inspecting", "media_uploading"
REASONS = frozenset({INSPECTING, UPLOADING})
PATIENCE = timedelta(minutes=30)
"""How long a due publication waits for its media: an inspection takes seconds, and what is an hour late goes out no more."""
_LOOK_AGAIN = timedelta(hours=1)


def pending_reason(media: Sequence[Media]) -> str | None:
    """Returns why the media are not known yet; None: they are."""
    if any(each.is_arriving for each in media):
        return UPLOADING
    return INSPECTING if any(each.status is MediaStatus.INSPECTING for each in media) else None


def media_of(post_id: UUID, *, is_locked: bool = False) -> list[Media]:
    """Returns the media that a post shows, in their order.

    `is_locked`: an inspection that ends at this moment waits until the post is committed, and finds it then. Call it with
    the post locked.
    """
    shown = select(Media).join(PostMedia, PostMedia.media_id == Media.id).where(PostMedia.post_id == post_id)
    shown = shown.order_by(PostMedia.position).execution_options(populate_existing=True)
    return list(db.session.scalars(shown.with_for_update(read=True, of=Media) if is_locked else shown))


def is_waiting_for_media(post: Post) -> bool:
    """Returns True if any media of a locked post are not known yet. The job that makes them known will find the post waiting."""
    return pending_reason(media_of(post.id)) is not None


def check_when_known(post: Post, media: Sequence[Media]) -> None:
    """Enqueue the checks of a post for when its media are known; call it with media that are locked."""
    if pending_reason(media) is not None:
        queue.enqueue(CHECK_MEDIA, due_at=_next_look(media), owner_id=post.owner_id, subject=post.id)


def check_posts_of(media: Media) -> None:
    """Media became known, or will never be: enqueue the checks of the posts that show them, in the same transaction.

    It only enqueues: posts are locked before media, and these are locked now.
    """
    going_out = (PostStatus.SCHEDULED, PostStatus.PUBLISHING)
    shows_it = select(PostMedia.post_id).where(PostMedia.media_id == media.id)
    for post_id in db.session.scalars(select(Post.id).where(Post.id.in_(shows_it), Post.status.in_(going_out))):
        queue.enqueue(CHECK_MEDIA, due_at=clock.now(), owner_id=media.owner_id, subject=post_id)


def check_publications(post_id: UUID) -> datetime | None:
    """Fail the publications that can never go out, or start those that waited for the media. Returns when to look again."""
    post = db.session.scalar(select(Post).where(Post.id == post_id).with_for_update())
    if post is None:
        return None
    # A late one that its person is asked about goes nowhere by itself: it is checked when they choose a time for it.
    waiting = [each for each in _unbegun(post_id) if not each.is_asked_about and living_attempt_of(each) is None]
    if not waiting:
        return None
    media = media_of(post_id)
    findings = check_media(post, media)
    if findings:
        for publication in waiting:
            queue.cancel(publication.job_key)
            fail(post, publication, findings, media)
        return None
    if pending_reason(media) is not None:
        return _next_look(media)
    for publication in waiting:
        if too_much := check_media_by_cache(post, publication, media):
            queue.cancel(publication.job_key)
            fail(post, publication, too_much, media)
        elif publication.reason in REASONS:
            publication.reason, publication.next_try_at = None, clock.now()
            add_timeline_entry(publication, "media_ready")
            enqueue_publication(publication.id, clock.now())
    return None


def fail(post: Post, publication: Publication, findings: Sequence[PostFinding], media: Sequence[Media]) -> None:
    """End a publication whose media TikTok would refuse, with the reasons on its timeline."""
    reason, detail = explain(findings, media)
    transition(post, publication, PublicationState.FAILED, "media_failed_checks", reason=reason, detail=detail)


def explain(findings: Sequence[PostFinding], media: Sequence[Media]) -> tuple[str, str]:
    """Returns the reason for programs and the sentence for people."""
    rejected = next((each.rejection for each in media if each.status is MediaStatus.REJECTED and each.rejection), None)
    if rejected is not None:
        return "media_rejected", f"{rejected['message']} ({rejected['code']})"
    return findings[0].code, " ".join(finding.message for finding in findings)


def _unbegun(post_id: UUID) -> Sequence[Publication]:
    found = select(Publication).where(
        Publication.post_id == post_id, Publication.state.in_([*UNBEGUN, PublicationState.HELD])
    )
    return db.session.scalars(found.order_by(Publication.id).execution_options(populate_existing=True)).all()


def _next_look(media: Sequence[Media]) -> datetime:
    """Returns when an unfinished upload lapses, and at most an hour from now, in case that no event ever comes."""
    now = clock.now()
    lapses = [each.expires_at + timedelta(seconds=1) for each in media if each.is_arriving and each.expires_at]
    return max(now, min([*lapses, now + _LOOK_AGAIN]))

"""Finding the id of a post that TikTok never told: by evidence in the account's list of videos, never by guess.

TikTok names a post's id only after moderation and at times not at all. A listed video is the publication's if it has the
caption, was made between the last byte and the verdict, is as long as what was sent, and no other publication of the account
could have become it. Where two are alike, neither is taken.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from tiktok_api import clock, events
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.services import owner_for_jobs
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.jobs import queue
from tiktok_api.media.models import Media
from tiktok_api.posts.matching import post_ids
from tiktok_api.posts.models import Attempt, Post, PostMedia, Publication
from tiktok_api.posts.publishing.content import content_for
from tiktok_api.posts.publishing.locks import FencedOff, lock
from tiktok_api.posts.states import RECEIVED, PublicationState
from tiktok_api.posts.vocabulary import PostIdSource, PostMode
from tiktok_api.tiktok import ScopeMissing

MATCH = "posts.match_ids"
_LONGEST_AGO = timedelta(days=30)
_CLOCKS_APART = timedelta(minutes=2)
_SECONDS_APART = 1.0  # TikTok tells whole seconds
_SHORTEST_BEGINNING = 100  # TikTok's list may cut a caption; so much of it is no coincidence
_MAY_BE_LIVE = (
    PublicationState.UPLOADING,
    PublicationState.PROCESSING,
    PublicationState.UNCONFIRMED,
    PublicationState.PUBLISHED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVideo:
    """A video of the account's list, as `analytics` keeps it."""

    video_id: str
    caption: str
    posted_at: datetime
    duration_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What the listed video of a publication must look like; without a caption, of a deleted one, any words may be its."""

    publication_id: UUID
    caption: str | None
    since: datetime
    until: datetime
    duration_seconds: float | None
    is_wanting: bool

    def fits(self, video: ListedVideo) -> bool:
        is_in_time = self.since - _CLOCKS_APART <= video.posted_at <= self.until + _CLOCKS_APART
        sent = self.duration_seconds
        is_as_long = sent is None or abs(video.duration_seconds - sent) <= _SECONDS_APART
        is_said = self.caption is None or _is_same_caption(self.caption, video.caption)
        return is_in_time and is_as_long and is_said


def enqueue_matching(account_id: UUID) -> None:
    """Enqueue the matching of an account whose videos were just listed, if a publication still lacks its id."""
    wanting = select(Publication.id).where(
        Publication.account_id == account_id,
        Publication.state == PublicationState.PUBLISHED,
        Publication.post_id_source.is_(None),
        Publication.published_at > clock.now() - _LONGEST_AGO,
    )
    if db.session.scalar(wanting.limit(1)) is not None:
        queue.enqueue(MATCH, due_at=clock.now(), owner_id=owner_for_jobs(account_id), subject=account_id)


def match(account_id: UUID) -> None:
    """Store the ids of the account's publications that match exactly one listed video."""
    evidence = _evidence_of(account_id)
    videos = _listed(account_id, evidence)
    end_reading()
    could_be = {each.publication_id: [video for video in videos if each.fits(video)] for each in evidence}
    rivals = Counter(video.video_id for fitting in could_be.values() for video in fitting)
    for each in evidence:
        fitting = could_be[each.publication_id]
        is_told_by_words = bool((each.caption or "").strip())  # time and length alone would be a guess
        if each.is_wanting and is_told_by_words and len(fitting) == 1 and rivals[fitting[0].video_id] == 1:
            _store_post_id(each.publication_id, fitting[0].video_id, PostIdSource.MATCHED)


def confirm_reported(publication_id: UUID, post_id: str, vault: TokenVault) -> bool:
    """Store the post id that a webhook names if TikTok lists it as the account's own. Returns True if so.

    Raises TikTokError.
    """
    account_id = db.session.scalar(
        select(Publication.account_id).where(
            Publication.id == publication_id,
            Publication.state == PublicationState.PUBLISHED,
            Publication.post_id_source.is_(None),
        )
    )
    end_reading()
    if account_id is None:
        return False
    try:
        found = vault.read(account_id, AppCall.VIDEO_QUERY, lambda token: vault.tiktok.query_videos(token, [post_id]))
    except (ScopeMissing, AccountNeedsReconnection):
        return False
    is_theirs = post_id in [video.id for video in found]
    return is_theirs and _store_post_id(publication_id, post_id, PostIdSource.WEBHOOK)


def _store_post_id(publication_id: UUID, post_id: str, source: PostIdSource) -> bool:
    with transaction():
        try:
            post, publication = lock(publication_id)
        except FencedOff:
            return False
        is_wanting = publication.state is PublicationState.PUBLISHED and not publication.tiktok_post_ids
        if not is_wanting or publication.account_id is None or post_id in _known_post_ids(publication.account_id):
            return False
        post_ids.write(post, publication, [post_id], source)
    return True


def _known_post_ids(account_id: UUID) -> set[str]:
    """Returns the post ids that publications of the account have, or had before their posts were deleted."""
    known = select(Publication.tiktok_post_ids).where(
        Publication.account_id == account_id, Publication.post_id_source.is_not(None)
    )
    kept = select(Attempt.kept_post_ids).where(_is_left_alone(account_id))
    return {each for query in (known, kept) for ids in db.session.scalars(query) for each in ids or ()}


def _is_left_alone(account_id: UUID) -> ColumnElement[bool]:
    """Returns the condition that an attempt made, or may have made, a video of a post that was deleted since."""
    is_its: ColumnElement[bool] = Attempt.account_id == account_id
    is_recent = Attempt.final_at > clock.now() - _LONGEST_AGO - _CLOCKS_APART
    return and_(is_its, Attempt.state.in_(RECEIVED), is_recent, Attempt.publication_id.is_(None))


def _listed(account_id: UUID, evidence: Sequence[_Evidence]) -> list[ListedVideo]:
    if not any(each.is_wanting for each in evidence):
        return []
    since = min(each.since for each in evidence) - _CLOCKS_APART
    known = _known_post_ids(account_id)
    answers = events.ask("account.videos", account_id=account_id, since=since)
    return [video for answer in answers for video in answer if video.video_id not in known]


def _evidence_of(account_id: UUID) -> list[_Evidence]:
    """Returns the evidence of each publication of the account whose post may be live without an id.

    Also of those that are not to be matched themselves, such as those whose media were deleted: a video could be theirs.
    """
    first_final = (
        select(func.min(Attempt.final_at))
        .where(Attempt.publication_id == Publication.id, Attempt.final_at.is_not(None))
        .correlate(Publication)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Post, Publication, Media.duration_seconds, first_final.label("since"))
        .join(Publication, Publication.post_id == Post.id)
        .outerjoin(PostMedia, PostMedia.post_id == Post.id)
        .outerjoin(Media, Media.id == PostMedia.media_id)
        .where(
            Publication.account_id == account_id,
            Publication.state.in_(_MAY_BE_LIVE),
            Publication.post_id_source.is_(None),
            Publication.updated_at > clock.now() - _LONGEST_AGO,
            Post.mode == PostMode.DIRECT,
        )
    ).all()
    found = [
        _Evidence(
            publication_id=publication.id,
            caption=content_for(post, publication).caption,
            since=since,
            until=publication.published_at or clock.now(),
            duration_seconds=duration_seconds,
            is_wanting=duration_seconds is not None and _is_wanting(post, publication),
        )
        for post, publication, duration_seconds, since in rows
        if since is not None
    ]
    return [*found, *_evidence_of_deleted(account_id)]


def _evidence_of_deleted(account_id: UUID) -> Iterator[_Evidence]:
    """Yields what is left of publications whose posts were deleted before their ids were known: a video could be theirs."""
    for attempt in db.session.scalars(select(Attempt).where(_is_left_alone(account_id))):
        if attempt.final_at is not None and not attempt.kept_post_ids:
            yield _Evidence(
                publication_id=attempt.id,  # it has none any more, and is never matched itself
                caption=None,
                since=attempt.final_at,
                until=attempt.ended_at or clock.now(),
                duration_seconds=None,
                is_wanting=False,
            )


def _is_wanting(post: Post, publication: Publication) -> bool:
    return content_for(post, publication).is_public and publication.state is PublicationState.PUBLISHED


def _is_same_caption(sent: str, listed: str) -> bool:
    sent, listed = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (sent, listed))
    return sent == listed or (len(listed) >= _SHORTEST_BEGINNING and sent.startswith(listed))

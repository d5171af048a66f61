"""Which of TikTok's videos are our publications: known by the ids that those have.

Ids come late: a publication gets its own when TikTok tells it, or when it is found by evidence, and a video when it is listed.
The later of both finds the earlier one. Two transactions may miss each other by a moment, so young videos and whole lists look
again. Posts are never waited for here, since a transaction that has locked one may wait for a video.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api.analytics.models import Video
from tiktok_api.db import db
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.vocabulary import PostIdSource


def link_named(publication: Publication, **_: Any) -> None:
    """Link the videos that a publication names, and none that it does not name any more.

    TikTok's own word takes a video from a publication that it was only matched with.
    """
    ids, source = publication.tiktok_post_ids, publication.post_id_source
    of_account = Video.account_id == publication.account_id
    unnamed = (of_account, Video.publication_id == publication.id, Video.video_id.not_in(ids))
    _set(unnamed, post_id=None, publication_id=None, matched_by=None)
    is_free = Video.publication_id.is_(None) | (Video.publication_id == publication.id)
    if source is PostIdSource.TIKTOK:
        is_free |= Video.matched_by != PostIdSource.TIKTOK
    found = {"post_id": publication.post_id, "publication_id": publication.id, "matched_by": source}
    _set((of_account, Video.video_id.in_(ids), is_free), **found)


def link_unlinked(account_id: UUID) -> None:
    """Link every video of the account that a publication names and that is not linked yet."""
    unlinked = select(Video).where(Video.account_id == account_id, Video.publication_id.is_(None))
    link(account_id, db.session.scalars(unlinked))


def link(account_id: UUID, videos: Iterable[Video]) -> None:
    """Link those of the videos that a publication of the account names."""
    wanting = {video.video_id: video for video in videos}
    if not wanting:
        return
    named = (
        select(Publication.id, Publication.post_id, Publication.tiktok_post_ids, Publication.post_id_source)
        .join(Post, Post.id == Publication.post_id)
        .where(Publication.account_id == account_id, Publication.post_id_source.is_not(None))
        .order_by(Publication.post_id_source == PostIdSource.TIKTOK, Publication.id)  # the last one prevails
        .with_for_update(of=Post, read=True, key_share=True, skip_locked=True)
    )
    with db.session.no_autoflush:
        rows = db.session.execute(named).all()
    for publication_id, post_id, ids, source in rows:
        for video in filter(None, map(wanting.get, ids)):
            video.post_id, video.publication_id, video.matched_by = post_id, publication_id, source


def _set(those: tuple[Any, ...], **values: Any) -> None:
    db.session.execute(update(Video).where(*those).values(values).execution_options(synchronize_session=False))

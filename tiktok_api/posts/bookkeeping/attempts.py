"""Attempts whose publication is deleted: TikTok's limits count them for their account all the same."""

from typing import Any

from sqlalchemy import delete, select, update

from tiktok_api.db import db
from tiktok_api.posts.models import Attempt, Post, Publication


def keep_attempts(publication: Publication) -> None:
    """Part the attempts from a publication that is about to be deleted, with what they were of and have made on TikTok.

    Without an account there is nothing that they would be counted for, or compared with: they are deleted.
    """
    its = Attempt.publication_id == publication.id
    if publication.account_id is None:
        db.session.execute(delete(Attempt).where(its))
        return
    mode = select(Post.mode).where(Post.id == publication.post_id).scalar_subquery()
    kept: dict[str, Any] = {"publication_id": None, "kept_post_ids": publication.tiktok_post_ids}
    kept |= {"kept_mode": mode, "kept_state": publication.state.value}
    db.session.execute(update(Attempt).where(its).values(**kept))

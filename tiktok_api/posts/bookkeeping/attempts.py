"""Attempts whose publication is deleted: TikTok's limits count them for their account all the same."""

from typing import Any

from sqlalchemy import delete, update

from tiktok_api.db import db
from tiktok_api.posts.models import Attempt, Publication


def keep_attempts(publication: Publication) -> None:
    """Part the attempts from a publication that is about to be deleted, with the ids of what they made on TikTok.

    Without an account there is nothing that they would be counted for, or compared with: they are deleted.
    """
    its = Attempt.publication_id == publication.id
    if publication.account_id is None:
        db.session.execute(delete(Attempt).where(its))
        return
    kept: dict[str, Any] = {"publication_id": None, "kept_post_ids": publication.tiktok_post_ids}
    db.session.execute(update(Attempt).where(its).values(**kept))

"""Posts of recurrences that were moved without a person's hand: they still follow their recurrence."""

from datetime import datetime

from sqlalchemy import update

from tiktok_api.db import db
from tiktok_api.posts.models import Post
from tiktok_api.posts.recurrences.models import RecurrenceOccurrence


def follow_move(post: Post, *, seen_at: datetime) -> None:
    """Let the occurrence of a locked post follow a move by the rules of its zone; `seen_at` is its `updated_at` before.

    One that a person had touched before stays touched.
    """
    db.session.flush()
    its = (RecurrenceOccurrence.post_id == post.id, RecurrenceOccurrence.post_updated_at == seen_at)
    moved = update(RecurrenceOccurrence).where(*its)
    db.session.execute(moved.values(post_updated_at=post.updated_at, publish_at=post.publish_at))

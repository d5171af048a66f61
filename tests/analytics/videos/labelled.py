"""Posts of ours that videos came from."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tiktok_api.analytics.models import Video
from tiktok_api.db import db, transaction
from tiktok_api.posts.bookkeeping.labels import PostLabel
from tiktok_api.posts.models import Post


def label_post(owner_id: UUID, videos: Sequence[Any], label: str) -> None:
    """Make a post with a label, of which these videos came."""
    with transaction() as session:
        post = Post(owner_id=owner_id)
        session.add(post)
        session.flush()
        session.add(PostLabel(post_id=post.id, owner_id=owner_id, label=label, post_created_at=post.created_at))
        for video in videos:
            db.session.get_one(Video, video.id).post_id = post.id

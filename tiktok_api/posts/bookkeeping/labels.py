"""The labels of posts: shown by a column of the post, found by a row for each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, delete, update
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, db
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.posts.models import Post, Publication, is_set


class PostLabel(Model):
    """A label of a post. The times are its post's, so that a label's posts are found in the order of their list."""

    __tablename__ = "post_labels"
    __table_args__ = (
        UniqueConstraint("post_id", "label"),
        Index("ix_post_labels_owner_label", "owner_id", "label", "post_created_at", "post_id"),
        Index(
            "ix_post_labels_owner_label_publish",
            *("owner_id", "label", "post_publish_at", "post_created_at", "post_id"),
            **is_set("post_publish_at"),
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    post_id: Mapped[UUID] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    label: Mapped[str]
    post_created_at: Mapped[datetime]
    post_publish_at: Mapped[datetime | None]


def label_rows(post: Post) -> list[PostLabel]:
    """Returns the rows by which a post is found by its labels."""
    facts = {"owner_id": post.owner_id, "post_id": post.id}
    times = {"post_created_at": post.created_at, "post_publish_at": post.publish_at}
    return [make_row(PostLabel, label=label, **facts, **times) for label in post.labels]


def set_labels(post: Post, labels: list[str]) -> None:
    """Replace the labels of a locked post."""
    post.labels = labels
    db.session.execute(delete(PostLabel).where(PostLabel.post_id == post.id))
    insert_rows(*label_rows(post))


def set_time(post: Post, publications: Iterable[Publication], **times: Any) -> None:
    """Set those of SLOT that are given, of a locked post, and its time with what its lists are in the order of."""
    for name, value in times.items():
        setattr(post, name, value)
    for publication in publications:
        publication.post_publish_at = post.publish_at
    if post.labels:
        of_post = update(PostLabel).where(PostLabel.post_id == post.id)
        db.session.execute(of_post.values(post_publish_at=post.publish_at))

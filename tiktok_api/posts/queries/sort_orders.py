"""The orders of lists of posts, and the columns of indexes that have them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement

from tiktok_api.db.reads import Given
from tiktok_api.posts.bookkeeping.labels import PostLabel
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.queries.filters import in_time
from tiktok_api.web.pagination import Keys


class PostSort(StrEnum):
    """The order of a list of posts; a minus says that the latest come first."""

    CREATED = "created_at"
    NEWEST_CREATED = "-created_at"
    PUBLISHED = "publish_at"
    LATEST_PUBLISHED = "-publish_at"

    @property
    def is_descending(self) -> bool:
        """True if the latest come first."""
        return self.startswith("-")

    @property
    def is_by_time(self) -> bool:
        """True if posts are sorted by when they go out: then only those that have a time are in the list."""
        return self in (PostSort.PUBLISHED, PostSort.LATEST_PUBLISHED)


@dataclass(frozen=True)
class Order:
    """The columns of an order, of posts and of what is found for their accounts and labels."""

    posts: Keys
    publications: Keys
    labels: Keys
    is_by_time: bool = False

    def of(self, keys: Keys) -> list[ColumnElement[Any]]:
        """Returns these columns by the names that they have in posts."""
        return [key.label(wanted.key) for key, wanted in zip(keys, self.posts, strict=True)]

    def has_its_time(self, given: Given, keys: Keys) -> list[ColumnElement[bool]]:
        """Returns the conditions on the time of what is sorted by it."""
        return [keys[0].is_not(None), *in_time(given, keys[0])] if self.is_by_time else []


CREATION = Order(
    (Post.created_at, Post.id),
    (Publication.post_created_at, Publication.post_id),
    (PostLabel.post_created_at, PostLabel.post_id),
)
TIME = Order(
    (Post.publish_at, Post.created_at, Post.id),
    (Publication.post_publish_at, Publication.post_created_at, Publication.post_id),
    (PostLabel.post_publish_at, PostLabel.post_created_at, PostLabel.post_id),
    is_by_time=True,
)

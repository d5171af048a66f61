"""Posts of ours, and their videos, written straight into the database."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.analytics.conftest import instant
from tests.conftest import Person
from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.models import Video, VideoTotals
from tiktok_api.db import transaction
from tiktok_api.posts.bookkeeping.labels import label_rows
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import PostStatus

COUNTERS = ("views", "likes", "comments", "shares")


@pytest.fixture
def make_post(app: Flask) -> Callable[..., str]:
    """A post on some accounts: `make_post(owner, [account_id], "2026-03-02T12:00Z", state=…, labels=[…])` returns its id."""

    def make(
        person: Person,
        account_ids: list[str],
        at: str,
        *,
        state: PublicationState = PublicationState.PUBLICLY_AVAILABLE,
        status: PostStatus = PostStatus.PUBLISHED,
        labels: list[str] | None = None,
        **what_matters: Any,
    ) -> str:
        owner_id, publish_at = UUID(person.user_id), instant(at)
        with app.app_context(), transaction() as session:
            post = Post(owner_id=owner_id, status=status, publish_at=publish_at, labels=labels or [], **what_matters)
            session.add(post)
            session.flush()
            session.add_all(label_rows(post))
            for account_id in account_ids:
                facts: dict[str, Any] = {"post_id": post.id, "owner_id": owner_id, "account_id": UUID(account_id)}
                times = {"post_created_at": post.created_at, "post_publish_at": publish_at}
                is_live = state is PublicationState.PUBLICLY_AVAILABLE
                session.add(Publication(**facts, **times, state=state, published_at=publish_at if is_live else None))
        return str(post.id)

    return make


@pytest.fixture
def store_videos(app: Flask) -> Callable[..., None]:
    """An account's videos: `store_videos(account_id, [post_id, None], {"2026-03-02T12:00Z": [(10, 1, 0, 0), (5, 0, 0, 0)]})`.

    They stand in the order of their places, with the post that each is of, and what each had gained at each sync.
    """

    def store(account_id: str, post_ids: list[str | None], syncs: dict[str, list[tuple[int, int, int, int]]]) -> None:
        of_account, at = {"account_id": UUID(account_id)}, instant("2026-01-01T00:00Z")
        with app.app_context(), transaction() as session:
            for place, post_id in enumerate(post_ids):
                facts: dict[str, Any] = {"video_id": f"{account_id}{place}", "listed_at": at, "seen_at": at}
                post = None if post_id is None else UUID(post_id)
                session.add(Video(**of_account, position=place, post_id=post, **facts))
            for captured_at, gains in syncs.items():
                arrays = {
                    name: video_arrays.pack([(place, each[number]) for place, each in enumerate(gains)], len(gains))
                    for number, name in enumerate(COUNTERS)
                }
                public = b"\1" * len(gains)
                session.add(VideoTotals(**of_account, captured_at=instant(captured_at), public=public, **arrays))

    return store

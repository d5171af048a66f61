"""An account with two months of readings, and reports of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select

from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.collection import days
from tiktok_api.analytics.models import AccountReading, AccountTotals, Video, VideoTotals
from tiktok_api.db import transaction

LAST = datetime(2026, 2, 27, 9, tzinfo=UTC)
FIRST = datetime(2025, 12, 30, 9, tzinfo=UTC)
UNREAD = {datetime(2026, 2, day, 9, tzinfo=UTC) for day in (10, 11, 12)}


@pytest.fixture
def read_account(app: Flask) -> Callable[..., None]:
    """Readings from 30 December 2025 to 28 February 2026, at 9 each day but on three: `read_account(account_id, step=10)`."""

    def read(account_id: str, *, step: int = 10) -> None:
        own = UUID(account_id)
        with app.app_context(), transaction() as session:
            for n in range(61):
                at = FIRST + timedelta(days=n)
                if at in UNREAD:
                    continue
                followers = 1000 + step * n + (5 * step * (n - 33) // 3 if n > 33 else 0)
                counts = {"followers": followers, "following": 12, "likes": 40 * followers, "videos": n // 7}
                session.add(AccountReading(account_id=own, captured_at=at, **counts))
                gained = {
                    "views_gained": 900 * n,
                    "likes_gained": 70 * n,
                    "comments_gained": 5 * n,
                    "shares_gained": 3 * n,
                }
                sums = {name.removesuffix("_gained"): value for name, value in gained.items()}
                totals = AccountTotals(account_id=own, captured_at=at, videos_counted=9, **sums, **gained)
                session.add(totals)
            session.flush()
            days.count_days(own)

    return read


@pytest.fixture
def read_no_videos(app: Flask) -> Callable[[str], None]:
    """The list of an account's videos was read at the end of January and was empty: `read_no_videos(account_id)`."""

    def read(account_id: str) -> None:
        with app.app_context(), transaction() as session:
            session.add(_totals_of(UUID(account_id), datetime(2026, 1, 31, 9, tzinfo=UTC), []))

    return read


def _totals_of(account_id: UUID, at: datetime, videos: list[Video]) -> VideoTotals:
    arrays = {
        name: video_arrays.pack(((video.position, getattr(video, name)) for video in videos), len(videos))
        for name in ("views", "likes", "comments", "shares")
    }
    return VideoTotals(account_id=account_id, captured_at=at, public=bytes(len(videos)), **arrays)


@pytest.fixture
def make_video_of(app: Flask) -> Callable[..., None]:
    """A video of February on TikTok: `make_video_of(account_id, "a title", views=5)`."""
    made: list[int] = []

    def make(account_id: str, title: str, *, views: int, day: int = 14, **more: Any) -> None:
        at = datetime(2026, 2, day, 18, tzinfo=UTC)
        made.append(views)
        counters = {"views": views, "likes": views // 12, "comments": views // 150, "shares": views // 200}
        usual = {"share_url": f"https://www.tiktok.com/@ada/video/{len(made)}", "captured_at": at + timedelta(days=9)}
        with app.app_context(), transaction() as session:
            own = UUID(account_id)
            known = list(session.scalars(select(Video).where(Video.account_id == own).order_by(Video.position)))
            video = Video(
                account_id=own,
                video_id=str(len(made)),
                position=len(known),
                title=title,
                seen_at=at,
                **counters,
                **({"posted_at": at, "listed_at": at} | usual | more),
            )
            session.add(video)
            last = VideoTotals.account_id == own, VideoTotals.captured_at == LAST
            session.execute(delete(VideoTotals).where(*last))
            session.add(_totals_of(own, LAST, [*known, video]))

    return make


@pytest.fixture
def account(owner: Any, make_account: Callable[..., str], read_account: Callable[..., None]) -> str:
    account_id = make_account(owner, username="harbour.light")
    read_account(account_id)
    return account_id

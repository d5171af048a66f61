"""An account whose list of videos the test decides, page by page, and looks at what was stored."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from tiktok_api import clock, clock_offset
from tiktok_api.analytics.collection import ingest, sync_position
from tiktok_api.analytics.models import AccountReading, AccountTotals, Video, VideoReading, VideoSync, VideoTotals
from tiktok_api.db import db, transaction
from tiktok_api.tiktok import TikTokVideo, VideoPage

DERIVED = (AccountReading, AccountTotals, VideoTotals)


@pytest.fixture
def newcomer(simulator: Any, owner: Any, connect_account: Callable[..., str]) -> UUID:
    """An account with 60 videos of 2026-01 and 3 that were just posted, of which nothing has been read."""
    simulator.control.freeze()
    simulator.control.seed_videos("newcomer", count=60, spacing_seconds=60, created_at="2026-01-01T00:00:00Z")
    simulator.control.seed_videos("newcomer", count=3, spacing_seconds=1)
    account_id = UUID(connect_account(owner, "newcomer"))
    simulator.control.clear_requests()
    return account_id


@pytest.fixture
def pages_read(simulator: Any) -> Callable[[], int]:
    """How many pages TikTok was asked for since the last look."""

    def look() -> int:
        found = len(simulator.control.requests(endpoint="video_list"))
        simulator.control.clear_requests()
        return found

    return look


class Lists:
    """TikTok's lists of one account as the test makes them up."""

    def __init__(self, app: Flask, account_id: UUID) -> None:
        self.app, self.account_id = app, account_id

    def read(self, *pages: VideoPage, at: datetime | None = None, job: str = "a job") -> None:
        """Read these pages one after the other, until the sync has ended."""
        with self.app.app_context():
            for page in pages:
                with transaction():
                    step = sync_position.next_page(self.account_id, job)
                with transaction():
                    if ingest.store_page(step, page, at or clock.now()):
                        break

    def stored(self, model: type[Any], *columns: str) -> list[tuple[Any, ...]]:
        """Columns of the account's rows by time, or of its videos by position."""
        with self.app.app_context():
            query = select(*(getattr(model, name) for name in columns))
            if model is VideoReading:
                query = query.join(Video, Video.id == VideoReading.video_id).where(Video.account_id == self.account_id)
                return [
                    tuple(row) for row in db.session.execute(query.order_by(VideoReading.captured_at, Video.position))
                ]
            order = {Video: "position", VideoSync: "id"}.get(model, "captured_at")
            return [
                tuple(row)
                for row in db.session.execute(
                    query.where(model.account_id == self.account_id).order_by(getattr(model, order))
                )
            ]

    def derived(self) -> list[list[tuple[Any, ...]]]:
        """Everything that was derived from readings, to be compared."""
        return [
            self.stored(
                model,
                *sorted(column.key for column in model.__table__.columns if column.key not in ("id", "created_at")),
            )
            for model in DERIVED
        ]


@pytest.fixture
def lists(app: Flask, owner: Any, make_account: Callable[..., str]) -> Lists:
    return Lists(app, UUID(make_account(owner)))


@pytest.fixture
def later(app: Flask) -> Callable[..., datetime]:
    """Let time pass here alone: `later(hours=1)`. Returns the new time."""

    def go(**by: float) -> datetime:
        with app.app_context():
            clock_offset.advance(timedelta(**by))
            return clock.now()

    return go


def page_of(*videos: TikTokVideo, cursor: datetime | None = None, is_cut: bool = False) -> VideoPage:
    """A page with these videos; `cursor`: TikTok has older ones."""
    named = None if cursor is None else int(cursor.timestamp() * 1000)
    return VideoPage(videos=videos, cursor=named, has_more=cursor is not None and not is_cut, is_cut=is_cut)


def a_video(name: str, posted_at: datetime, **counters: int | None) -> TikTokVideo:
    """A video that TikTok lists."""
    usual = {"view_count": 10, "like_count": 1, "comment_count": 1, "share_count": 1}
    return TikTokVideo(id=name, created_at=posted_at, **(usual | counters))

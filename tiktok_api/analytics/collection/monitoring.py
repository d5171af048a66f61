"""Gauges of collection for `/metrics`: how old the oldest list of videos is, and what was not read yet."""

from collections.abc import Iterator

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.analytics.models import VideoSync
from tiktok_api.db import db
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric


def gauges() -> Iterator[Metric]:
    """The age of the oldest whole list of an account that may be read, or the time for which one waits for its first; 0: there is none."""
    oldest = (
        select(func.min(func.coalesce(VideoSync.completed_at, Account.connected_at)))
        .select_from(Account)
        .outerjoin(VideoSync, VideoSync.account_id == Account.id)
        .where(Account.status == AccountStatus.ACTIVE, VideoSync.skip_reason.is_(None))
    )
    completed_at = db.session.scalar(oldest)
    age = (clock.now() - completed_at).total_seconds() if completed_at else 0.0
    name = "tiktok_api_video_lists_oldest_seconds"
    yield GaugeMetricFamily(name, "Seconds since the account that waits longest had its whole list read.", value=age)

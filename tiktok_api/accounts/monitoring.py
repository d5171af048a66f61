"""Gauges of accounts for `/metrics`: by status, and by the time until their grant expires."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import case, func, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.db import db
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric

HORIZONS = {"expired": 0, "1d": 1, "7d": 7, "30d": 30, "90d": 90}


def gauges() -> Iterator[Metric]:
    """Accounts by status, and by the days until their refresh token expires; each is counted in exactly one range."""
    now = clock.now()
    horizon = case(
        *((Account.refresh_expires_at <= now + timedelta(days=days), name) for name, days in HORIZONS.items()),
        else_="later",
    )
    query = select(Account.status, horizon, func.count()).group_by(Account.status, horizon)
    by_status = dict.fromkeys(AccountStatus, 0)
    by_horizon = dict.fromkeys([*HORIZONS, "later"], 0)
    for status, name, count in db.session.execute(query):
        by_status[status] += count
        by_horizon[name] += count
    accounts = GaugeMetricFamily("tiktok_api_accounts", "Connected accounts by status.", labels=["status"])
    for status, count in by_status.items():
        accounts.add_metric([status], count)
    tokens = GaugeMetricFamily(
        "tiktok_api_accounts_by_token_expiry",
        "Accounts whose refresh token expires within that time and not within the one before.",
        labels=["within"],
    )
    for name, count in by_horizon.items():
        tokens.add_metric([name], count)
    yield from (accounts, tokens)

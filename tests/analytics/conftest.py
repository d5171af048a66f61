"""Accounts with a history, and time that passes for us and for TikTok alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.conftest import Person
from tests.unpaced import make_unpaced_client
from tiktok_api import clock, clock_offset
from tiktok_api.accounts.models import SCOPES, Account
from tiktok_api.analytics.collection import days, ingest
from tiktok_api.analytics.models import AccountTotals
from tiktok_api.auth.models import User
from tiktok_api.db import db, new_id, transaction
from tiktok_api.tiktok import TikTokClient, UserInfo


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator: Any, simulator_urls: dict[str, str]) -> Flask:
    """The usual application, with a client that does not pause between its requests: days pass in a second here."""
    return make_app(replaced={TikTokClient: make_unpaced_client(simulator.url)}, **simulator_urls)


def an_account(owner_id: UUID, **what_matters: Any) -> Account:
    """An account that nothing has been read of."""
    far = clock.now() + timedelta(days=30)
    usual = {
        "id": new_id(),
        "owner_id": owner_id,
        "open_id": str(new_id()),
        "username": "ada",
        "scopes": list(SCOPES),
        "access_token_encrypted": b"",
        "refresh_token_encrypted": b"",
        "access_expires_at": far,
        "refresh_expires_at": far,
        "renew_at": far,
        "connected_at": clock.now(),
    }
    return Account(**(usual | what_matters))


@pytest.fixture
def make_account(app: Flask) -> Callable[..., str]:
    """An account without readings: `make_account(owner, username="ada")` returns its id."""

    def make(person: Person, **what_matters: Any) -> str:
        account = an_account(UUID(person.user_id), **what_matters)
        with app.app_context(), transaction() as session:
            session.add(account)
        return str(account.id)

    return make


@pytest.fixture
def on_postgresql(make_app: Callable[..., Flask], postgresql_url: str) -> Flask:
    """An application on PostgreSQL."""
    return make_app(database_url=postgresql_url)


@pytest.fixture
def account_on() -> Callable[[Flask], UUID]:
    """An account on another application than the usual one: `account_on(app)` returns its id."""

    def make(app: Flask) -> UUID:
        with app.app_context(), transaction() as session:
            user = User(email="a@example.com", email_key=str(new_id()), password_hash="")
            session.add(user)
            session.flush()
            account = an_account(user.id)
            session.add(account)
        return account.id

    return make


@pytest.fixture
def read_profile(app: Flask) -> Callable[..., None]:
    """TikTok says something about an account: `read_profile(account_id, "2026-03-02T12:00Z", follower_count=5)`."""

    def read(account_id: str, at: str, **counters: int | None) -> None:
        with app.app_context(), transaction():
            account = db.session.get_one(Account, UUID(account_id))
            ingest.store_profile(account=account, info=UserInfo(**counters), captured_at=instant(at))

    return read


@pytest.fixture
def store_totals(app: Flask) -> Callable[..., None]:
    """A sync ends: `store_totals(account_id, "2026-03-02T12:00Z", views_gained=100)`."""

    def add(account_id: str, at: str, **totals: int) -> None:
        with app.app_context(), transaction() as session:
            values = {"videos_counted": 1, **totals}
            session.add(AccountTotals(account_id=UUID(account_id), captured_at=instant(at), **values))
            session.flush()
            days.mark_last(AccountTotals, UUID(account_id), instant(at))

    return add


@pytest.fixture
def pass_time(app: Flask, simulator: Any, run_jobs: Callable[[], int]) -> Callable[..., datetime]:
    """Let time pass here and at TikTok, and run the due jobs. Returns the new time."""

    def go(**by: float) -> datetime:
        simulator.control.advance(timedelta(**by).total_seconds())
        with app.app_context():
            clock_offset.advance(timedelta(**by))
        run_jobs()
        with app.app_context():
            return clock.now()

    return go


def instant(words: str) -> datetime:
    """An instant from its shortest form: 2026-03-02T12:00Z."""
    return datetime.fromisoformat(words).astimezone(UTC)

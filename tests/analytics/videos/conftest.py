"""Accounts of an owner on either database, and random histories of their videos."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.analytics.conftest import an_account
from tiktok_api.auth.models import User
from tiktok_api.db import new_id, transaction


@pytest.fixture
def app_on(make_app: Callable[..., Flask], each_database_url: str) -> Any:
    """An application on SQLite or PostgreSQL, in its context."""
    app = make_app(database_url=each_database_url)
    with app.app_context():
        yield app


@pytest.fixture
def owner_id(app_on: Flask) -> UUID:
    with transaction() as session:
        user = User(email="a@example.com", email_key=str(new_id()), password_hash="")
        session.add(user)
    return user.id


@pytest.fixture
def account_ids(owner_id: UUID) -> list[UUID]:
    """Three accounts of one owner."""
    with transaction() as session:
        accounts = [an_account(owner_id) for _ in range(3)]
        session.add_all(accounts)
    return sorted(account.id for account in accounts)

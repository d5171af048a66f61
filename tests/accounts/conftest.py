"""Time that passes here and at TikTok alike, and a look into the vault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.unpaced import make_unpaced_client
from tiktok_api import clock_offset
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading
from tiktok_api.extensions import services_of
from tiktok_api.tiktok import TikTokClient


class Vault:
    """The vault of one application, as a worker uses it."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    @contextmanager
    def _opened(self) -> Iterator[TokenVault]:
        with self.app.app_context():
            yield services_of(self.app)[TokenVault]
            end_reading()

    def token(self, account_id: str, **options: Any) -> str:
        with self._opened() as vault:
            return vault.usable_token(UUID(account_id), **options)

    def renew(self, account_id: str, rejected: str) -> str:
        with self._opened() as vault:
            return vault.renew(UUID(account_id), rejected)

    def call(self, account_id: str, act: Callable[[str], Any]) -> Any:
        with self._opened() as vault:
            return vault.call(UUID(account_id), act)


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator: Any) -> Flask:
    """The usual application, with a client that does not pause between its requests."""
    urls = {"tiktok_api_url": simulator.url, "tiktok_authorize_url": f"{simulator.url}/v2/auth/authorize/"}
    return make_app(replaced={TikTokClient: make_unpaced_client(simulator.url)}, **urls)


@pytest.fixture
def tokens(app: Flask) -> Vault:
    return Vault(app)


@pytest.fixture
def pass_time(app: Flask, simulator: Any) -> Callable[..., None]:
    """`pass_time(hours=3)`: for the application and for TikTok."""

    def pass_time(**units: float) -> None:
        by = timedelta(**units)
        simulator.control.advance(by.total_seconds())
        with app.app_context():
            clock_offset.advance(by)

    return pass_time

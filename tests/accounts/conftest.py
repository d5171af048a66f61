"""Time that passes here and at TikTok alike, and a look into the vault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tiktok_api import clock_offset
from tiktok_api.accounts import token_refresh
from tiktok_api.db import end_reading
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings
from tiktok_api.tiktok import TikTokClient, Unpaced


class Vault:
    """The vault of one application, as a worker uses it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        services = services_of(app)
        self.parts = {"tiktok": services[TikTokClient], "encryptor": services[Encryptor]}

    @contextmanager
    def _opened(self) -> Iterator[None]:
        with self.app.app_context():
            yield
            end_reading()

    def token(self, account_id: str, **options: Any) -> str:
        with self._opened():
            return token_refresh.usable_token(UUID(account_id), **self.parts, **options)

    def renew(self, account_id: str, rejected: str) -> str:
        with self._opened():
            return token_refresh.renew(UUID(account_id), rejected, **self.parts)

    def with_token(self, account_id: str, act: Callable[[str], Any]) -> Any:
        with self._opened():
            return token_refresh.with_token(UUID(account_id), act, **self.parts)


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator: Any) -> Flask:
    """The usual application, but for a client of TikTok's that does not take breath between its requests."""
    app = make_app(tiktok_api_url=simulator.url, tiktok_authorize_url=f"{simulator.url}/v2/auth/authorize/")
    settings = services_of(app)[Settings]
    services_of(app)[TikTokClient].close()
    services_of(app)[TikTokClient] = TikTokClient(
        client_key=settings.tiktok_client_key,
        client_secret=settings.tiktok_client_secret,
        api_url=settings.tiktok_api_url,
        authorize_url=settings.tiktok_authorize_url,
        app_type=settings.tiktok_app_type,
        allow_http=settings.tiktok_allow_http,
        pacer=Unpaced(),
    )
    return app


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

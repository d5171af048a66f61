"""An account with its vault, and time that passes here and at TikTok alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.accounts.scene import Scene, Vault
from tests.conftest import Person
from tests.unpaced import make_unpaced_client
from tiktok_api import clock_offset
from tiktok_api.tiktok import TikTokClient


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator_urls: dict[str, str], each_database_url: str) -> Flask:
    """The usual application, with a client that does not pause between its requests, in turn on each database if asked."""
    unpaced = make_unpaced_client(simulator_urls["tiktok_api_url"])
    return make_app(replaced={TikTokClient: unpaced}, database_url=each_database_url, **simulator_urls)


@pytest.fixture
def vault(app: Flask) -> Vault:
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


@pytest.fixture
def scene(
    app: Flask,
    owner: Person,
    simulator: Any,
    vault: Vault,
    connect_account: Callable[..., str],
    run_jobs: Callable[[], int],
    pass_time: Callable[..., None],
) -> Scene:
    """The account of ada's that the owner has connected."""
    account_id = connect_account(owner)
    return Scene(app, owner, account_id, simulator, vault, connect_account, run_jobs, pass_time)

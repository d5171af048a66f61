"""TikTok's webhooks, delivered to the application."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import API
from tests.webhooks.events import signed


@pytest.fixture
def deliver(client: Any) -> Callable[..., TestResponse]:
    """Send a body as TikTok would: `deliver(body)`."""

    def send(body: bytes, **how: Any) -> TestResponse:
        return client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body, **how))

    return send

"""A fetcher that may go to 127.0.0.1."""

from collections.abc import Callable

import pytest

from tiktok_api.outbound import Fetcher


@pytest.fixture
def fetcher(make_fetcher: Callable[..., Fetcher]) -> Fetcher:
    return make_fetcher()

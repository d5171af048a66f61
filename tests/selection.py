"""`--fast`: the tests that answer first. A third of them, always the same; one set of parameters each; no servers, no kills."""

from typing import Any
from zlib import crc32

import pytest

SERVERS = {"postgresql_server", "redis_server", "s3_server"}
ONE_OF = 3
SLOW_FOLDERS = (
    "tests/cli/",
    "tests/contract/",
    "tests/deploy/",
    "tests/kill/",
    "tests/media/",
    "tests/migrations/",
    "tests/mutation/",
    "tests/readme/",
    "tests/simulator/",
    "tests/storage/",
    "tests/tiktok/",
    "tests/web/",
)
"""What starts processes, decodes videos, asks every operation, or is not about what people do with the server."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--fast", action="store_true", help="one set of parameters for each test, and no servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is slow."""
    if not config.getoption("--fast"):
        return
    chosen: dict[Any, pytest.Item] = {}
    for item in items:
        if not item.nodeid.startswith(SLOW_FOLDERS) and not SERVERS & set(getattr(item, "fixturenames", ())):
            chosen.setdefault((item.path, getattr(item, "originalname", item.name)), item)
    kept = {item for (_, name), item in chosen.items() if crc32(name.encode()) % ONE_OF == 0}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]

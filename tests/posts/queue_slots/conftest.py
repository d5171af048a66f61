"""An account with weekly times, and posts for its queue."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person

EVERY_DAY = [
    {"weekday": day, "time": time}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for time in ("09:00", "18:00")
]


@pytest.fixture
def account_id(owner: Person, connect_account: Any, run_jobs: Any) -> str:
    """An account with two slots a day, in UTC."""
    account = str(connect_account(owner, "ada"))
    run_jobs()
    answer = owner.put(f"/accounts/{account}/queue-slots", json={"timezone": "UTC", "slots": EVERY_DAY})
    assert answer.status_code == 200, answer.json
    return account


@pytest.fixture
def media_id(make_video: Any) -> str:
    return str(make_video())


@pytest.fixture
def draft(make_post: Any, account_id: str, media_id: str) -> Callable[..., dict[str, Any]]:
    """A draft for the account."""

    def make(**what_matters: Any) -> dict[str, Any]:
        wish = {"media_ids": [media_id], "targets": [{"account_id": account_id}]} | what_matters
        post: dict[str, Any] = make_post(**wish)
        return post

    return make


@pytest.fixture
def enqueue(owner: Person, draft: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Put a new post into the queue; returns it."""

    def put(**what_matters: Any) -> dict[str, Any]:
        answer = owner.post(f"/posts/{draft(**what_matters)['id']}/enqueue")
        assert answer.status_code == 200, answer.json
        post: dict[str, Any] = answer.json
        return post

    return put


@pytest.fixture
def free(owner: Person, account_id: str) -> Callable[[int], list[str]]:
    """The next free slots of the account."""
    return lambda most: [
        slot["publish_at"] for slot in owner.get(f"/accounts/{account_id}/queue-slots/next?count={most}").json["data"]
    ]

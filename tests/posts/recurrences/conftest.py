"""Recurrences of the owner's, and the posts that they have made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Person
from tiktok_api import clock


@pytest.fixture
def days_ahead(app: Flask) -> Callable[[int], datetime]:
    """An hour before it is so many days from now, in UTC and to the minute."""
    with app.app_context():
        now = clock.now().replace(second=0, microsecond=0)
    return lambda days: now + timedelta(days=days, hours=-1)


@pytest.fixture
def draft(owner: Person, connect_account: Any, make_video: Any, run_jobs: Any, days_ahead: Any) -> dict[str, Any]:
    """A daily recurrence that begins tomorrow and lacks nothing."""
    media_id, account_id = make_video(), connect_account(owner, "ada")
    run_jobs()
    return {
        "rule": "FREQ=DAILY",
        "local_time": days_ahead(1).strftime("%Y-%m-%dT%H:%M"),
        "timezone": "UTC",
        "media_rotation": [[media_id]],
        "post": {
            "caption": "Good morning",
            "privacy_level": "SELF_ONLY",
            "consent": True,
            "targets": [{"account_id": account_id}],
        },
    }


@pytest.fixture
def make_recurrence(owner: Person, draft: dict[str, Any], run_jobs: Any) -> Callable[..., dict[str, Any]]:
    """Create a recurrence, and let the worker make its posts; what matters may be named."""

    def make(person: Person = owner, **what_matters: Any) -> dict[str, Any]:
        response = person.post("/recurrences", json=draft | what_matters)
        assert response.status_code == 201, response.json
        run_jobs()
        recurrence: dict[str, Any] = response.json
        return recurrence

    return make


@dataclass(frozen=True)
class Recurring:
    """A stage for what happens to a recurrence."""

    owner: Person
    draft: dict[str, Any]
    make: Callable[..., dict[str, Any]]
    posts: Callable[..., list[dict[str, Any]]]
    run: Callable[[], int]
    pass_time: Callable[[float], None]
    connect: Callable[..., str]
    control: Any
    """Of TikTok."""

    def change(self, recurrence: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Change a recurrence, and let the worker follow; returns it."""
        answer = self.owner.patch(f"/recurrences/{recurrence['id']}", json=changes)
        assert answer.status_code == 200, answer.json
        self.run()
        changed: dict[str, Any] = answer.json
        return changed

    def problem(self, recurrence: dict[str, Any]) -> Any:
        """What the recurrence tells."""
        return self.owner.get(f"/recurrences/{recurrence['id']}").json["last_problem"]

    @property
    def account_id(self) -> str:
        return str(self.draft["post"]["targets"][0]["account_id"])

    def lose(self) -> None:
        """Have ada's person take the app off their list, and this server find out."""
        self.control.disconnect("ada")
        self.pass_time(120)
        self.owner.get(f"/accounts/{self.account_id}/creator-info")


@pytest.fixture
def recurring(
    owner: Person,
    draft: dict[str, Any],
    make_recurrence: Any,
    posts: Any,
    run_jobs: Any,
    pass_time: Any,
    connect_account: Any,
    simulator: Any,
) -> Recurring:
    """All of it in one object, for tests that need much of it."""
    return Recurring(owner, draft, make_recurrence, posts, run_jobs, pass_time, connect_account, simulator.control)


@pytest.fixture
def posts(owner: Person) -> Callable[..., list[dict[str, Any]]]:
    """The owner's posts by time; with a status, only those."""

    def look(status: str | None = None) -> list[dict[str, Any]]:
        query = f"&status={status}" if status else ""
        found = owner.get(f"/posts?limit=100{query}").json["data"]
        return sorted(found, key=lambda post: (post["publish_at"] or "", post["id"]))

    return look

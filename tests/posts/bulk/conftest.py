"""What many posts share: one video and one account of the owner's."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person


@pytest.fixture
def shared(owner: Person, make_video: Callable[..., str], connect_account: Any, run_jobs: Any) -> dict[str, Any]:
    """A draft that lacks nothing but a time."""
    draft = {"privacy_level": "SELF_ONLY", "consent": True, "media_ids": [make_video()]}
    draft["targets"] = [{"account_id": connect_account(owner, "ada")}]
    run_jobs()
    return draft


@pytest.fixture
def drafts(owner: Person, shared: dict[str, Any]) -> Callable[[int], list[str]]:
    """Makes so many drafts; returns their ids, in the order of their creation."""

    def make(count: int) -> list[str]:
        posts = [shared | {"caption": f"Number {number}"} for number in range(count)]
        answer = owner.post("/posts/bulk", json={"posts": posts})
        assert answer.json["created"] == count, answer.json
        return [each["post_id"] for each in answer.json["results"]]

    return make


@pytest.fixture
def captions(owner: Person) -> Callable[[], list[str]]:
    """The captions of the owner's posts, the newest first."""
    return lambda: [post["caption"] for post in owner.get("/posts?limit=100").json["data"]]

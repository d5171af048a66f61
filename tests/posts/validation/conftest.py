"""Posts that are held against everything there is, without being created."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Person

Answer = dict[str, Any]


@pytest.fixture
def draft(owner: Person, connect_account: Any, make_video: Any, run_jobs: Any) -> Callable[..., Answer]:
    """The body of a post that lacks nothing, on ada's account unless `targets` says otherwise."""

    def make(**what_matters: Any) -> Answer:
        body = {"caption": "Hello #world", "privacy_level": "SELF_ONLY", "consent": True} | what_matters
        if "targets" not in body:
            body["targets"] = [{"account_id": connect_account(owner, "ada")}]
        if "media_ids" not in body:
            body["media_ids"] = [make_video()]
        run_jobs()
        return body

    return make


@pytest.fixture
def validate(owner: Person) -> Callable[..., Answer]:
    """Have a body validated, or a stored post: `validate(body)`, `validate(post["id"])`; returns the answer."""

    def ask(what: Answer | str, slot: Answer | None = None, person: Person = owner) -> Answer:
        if isinstance(what, str):
            response = person.post(f"/posts/{what}/validate", **({"json": slot} if slot is not None else {}))
        else:
            response = person.post("/posts/validate", json=what)
        assert response.status_code == 200, response.json
        answer: Answer = response.json
        return answer

    return ask


@pytest.fixture
def change_ada(simulator: Any, pass_time: Any) -> Callable[..., None]:
    """Change what the creator ada may do, and let pass the minute for which an answer of TikTok's counts as live."""

    def change(**settings: Any) -> None:
        simulator.control.change_creator("ada", **settings)
        pass_time(61)

    return change


@pytest.fixture
def silence(simulator: Any, pass_time: Any) -> Callable[[], None]:
    """Have TikTok answer no more questions about creators, from a minute after the last one on."""

    def begin() -> None:
        simulator.control.mischief("creator_info", effect="drop_before", times=100)
        pass_time(61)

    return begin


def places(items: list[Answer]) -> set[tuple[str, str]]:
    return {(item["pointer"], item["code"]) for item in items}

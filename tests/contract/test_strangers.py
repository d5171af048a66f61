"""Another user's id answers as a random one does, on every operation there is."""

import re
from typing import Any

import pytest

from tests.contract.example_requests import gist_of, send_example
from tests.contract.operations import MISSING, some
from tests.contract.whole_day import recurrence_with
from tests.media.tus_client import begin


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Any:
    return make_app(**simulator_urls)


@pytest.fixture
def belongings(owner: Any, make_post: Any) -> dict[str, str]:
    """Something real of the owner's for each kind of id in a path; a new kind of id must be added here."""
    connection = owner.post("/accounts/connect", json={}).json
    post = make_post()
    key = owner.post("/auth/api-keys", json={"name": "server", "scopes": ["read"]}).json
    draft = recurrence_with(post["targets"][0]["account_id"], post["media_ids"][0])
    recurrence = owner.post("/recurrences", json=draft)
    about = {"account_id": post["targets"][0]["account_id"]}
    return {
        "recurrence_id": recurrence.json["id"],
        "session_id": owner.get("/auth/sessions").json["data"][0]["id"],
        "key_id": key["id"],
        "connection_id": connection["id"],
        "account_id": post["targets"][0]["account_id"],
        "report_id": owner.post("/analytics/reports", json=about | {"month": "2026-01"}).json["id"],
        "schedule_id": owner.post("/analytics/report-schedules", json=about | {"deliver": {"mail": True}}).json["id"],
        "media_id": post["media_ids"][0],
        "post_id": post["id"],
        "feed_id": owner.post("/posts/calendar-feeds", json={"name": "Our posts"}).json["id"],
        "publication_id": post["targets"][0]["publication_id"],
        "upload": begin(owner, 1000).id,
    }


def test_another_users_id_is_answered_as_a_random_one(owner, stranger, belongings, operations):
    different = {}
    with_ids = [operation for operation in operations if "{" in operation.path and not operation.is_public]
    for operation in some(with_ids):
        [name] = re.findall(r"{(\w+)}", operation.path)
        real = belongings["upload" if "/uploads/" in operation.path else name]
        foreign, random = (gist_of(send_example(stranger, operation, identifier)) for identifier in (real, MISSING))
        if foreign != random or foreign[0] != 404:
            different[str(operation)] = (foreign, random)

    assert different == {}
    assert owner.get(f"/posts/{belongings['post_id']}").status_code == 200
    assert owner.get(f"/accounts/{belongings['account_id']}").status_code == 200
    assert owner.get(f"/media/uploads/{belongings['upload']}").status_code == 200

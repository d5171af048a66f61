"""A PATCH with nothing to change changes nothing, wherever there is a PATCH."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.whole_day import recurrence_with
from tests.media import sample_media

SENT_BACK = {
    "/auth/me": ("display_name", "timezone"),
    "/accounts/{account_id}": ("label", "tags"),
    "/media/{media_id}": ("name", "labels"),
    "/posts/{post_id}": ("caption", "privacy_level", "consent", "media_ids", "publish_at", "is_aigc", "allow_duet"),
    "/analytics/report-schedules/{schedule_id}": ("format", "timezone", "deliver"),
    "/recurrences/{recurrence_id}": (
        "rule",
        "local_time",
        "timezone",
        "exceptions",
        "post",
        "media_rotation",
        "repeat_media",
        "is_paused",
    ),
}
"""What each PATCH may be sent back of what its GET shows."""


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Any:
    return make_app(**simulator_urls)


@pytest.fixture
def places(owner: Any, connect_account: Any, run_jobs: Any) -> dict[str, Callable[[], str]]:
    """Something to change, for each PATCH."""
    account_id = connect_account(owner, "ada")
    body = sample_media.multipart(sample_media.part("file", sample_media.video(), filename="launch.mp4"))
    media_id = owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"]
    run_jobs()
    draft = {
        "caption": "Hello",
        "privacy_level": "SELF_ONLY",
        "consent": True,
        "media_ids": [media_id],
        "targets": [{"account_id": account_id, "caption": "Hello, Ada"}],
        "publish_at": "2090-01-01T12:00:00Z",
    }
    post = owner.post("/posts", json=draft)
    assert post.status_code == 201, post.json
    recurrence = owner.post("/recurrences", json=recurrence_with(account_id, media_id))
    about = {"account_id": account_id, "deliver": {"mail": True}}
    schedule = owner.post("/analytics/report-schedules", json=about)
    run_jobs()
    owner.patch(f"/accounts/{account_id}", json={"label": "Spring", "tags": ["a", "b"]})
    return {
        "/auth/me": lambda: "/auth/me",
        "/accounts/{account_id}": lambda: f"/accounts/{account_id}",
        "/media/{media_id}": lambda: f"/media/{media_id}",
        "/posts/{post_id}": lambda: f"/posts/{post.json['id']}",
        "/analytics/report-schedules/{schedule_id}": lambda: f"/analytics/report-schedules/{schedule.json['id']}",
        "/recurrences/{recurrence_id}": lambda: f"/recurrences/{recurrence.json['id']}",
    }


def test_nothing_to_change_changes_nothing(app, owner, places):
    document = app.test_client().get("/openapi.json").json
    patches = {
        path.removeprefix("/api/v1")
        for path, item in document["paths"].items()
        if "application/json" in item.get("patch", {}).get("requestBody", {}).get("content", {})
    }
    changed = {}
    for pattern, place in places.items():
        path = place()
        before = owner.get(path)
        trail = owner.get("/audit?limit=100").json
        same = {name: before.json[name] for name in SENT_BACK[pattern]}
        if pattern == "/posts/{post_id}":
            same["targets"] = [{"account_id": t["account_id"], **t["overrides"]} for t in before.json["targets"]]
        for body in ({}, same, *({name: value} for name, value in same.items())):
            answer = owner.patch(path, json=body)
            after = owner.get(path)
            # Collisions are told once, of any time.
            told = {name: value for name, value in answer.json.items() if name != "collisions"}
            seen = (answer.status_code, told, after.json, after.headers["ETag"])
            if seen != (200, before.json, before.json, before.headers["ETag"]):
                changed[pattern] = (body, seen)
            if owner.get("/audit?limit=100").json != trail:
                changed[f"audit of {pattern}"] = body

    assert patches == set(places)
    assert changed == {}


def test_fields_that_differ_are_still_changed(owner, places):
    same = {
        "/auth/me": {"display_name": "Another"},
        "/accounts/{account_id}": {"label": "Autumn"},
        "/media/{media_id}": {"name": "another.mp4"},
        "/posts/{post_id}": {"caption": "Another"},
        "/analytics/report-schedules/{schedule_id}": {"format": "pdf"},
        "/recurrences/{recurrence_id}": {"is_paused": True},
    }
    for pattern, change in same.items():
        path = places[pattern]()
        before = owner.get(path)

        answer = owner.patch(path, json=change)

        assert answer.status_code == 200, answer.json
        assert answer.headers["ETag"] != before.headers["ETag"]
        assert {name: answer.json[name] for name in change} == change


def test_the_same_targets_keep_their_publications_and_other_changes_are_made(owner, places):
    path = places["/posts/{post_id}"]()
    before = owner.get(path).json
    targets = [{"account_id": t["account_id"], **t["overrides"]} for t in before["targets"]]

    after = owner.patch(path, json={"caption": "New words", "targets": targets}).json

    assert after["caption"] == "New words"
    assert after["targets"] == before["targets"]
    assert re.fullmatch(r"2090-01-01T12:00:00Z", after["publish_at"])

"""Every operation that takes an Idempotency-Key acts once for each key of each credential."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.auth.keys import Key, make_key
from tests.contract.operations import MISSING, some
from tests.contract.whole_day import recurrence_with
from tests.databases import on_each_database
from tests.media import sample_media
from tiktok_api.analytics.charts.kinds import ChartKind
from tiktok_api.composition.api import API_PREFIX

AT_ONCE = 8
_BODIES: dict[str, dict[str, Any]] = {
    "POST /auth/api-keys": {"json": {"name": "another server", "scopes": ["read"]}},
    "POST /accounts/connect": {"json": {}},
    "POST /accounts/{account_id}/reconnect": {"json": {}},
    "POST /accounts/{account_id}/sync": {},
    "POST /accounts/{account_id}/circuit/reset": {},
    "POST /media": {
        "data": sample_media.multipart(sample_media.part("file", b"x" * 1000)),
        "content_type": sample_media.MULTIPART,
    },
    "POST /media/import": {"json": {"url": "https://example.com/a.mp4"}},
    "POST /media/{media_id}/convert": {"json": {"format": "jpeg"}},
    "POST /media/slideshows": {"json": {"media_ids": ["{media_id}", "{media_id}"]}},
    "POST /analytics/reports": {"json": {"account_id": "{account_id}", "month": "2026-01"}},
    "POST /analytics/report-schedules": {"json": {"account_id": "{account_id}", "deliver": {"mail": True}}},
    "POST /posts": {"json": {"caption": "once"}},
    "POST /posts/calendar-feeds": {"json": {"name": "Our posts"}},
    "POST /posts/bulk": {"json": {"posts": [{"caption": "once"}]}},
    "POST /posts/bulk/schedule": {"json": {"ids": [MISSING], "publish_at": "2099-01-01T00:00:00Z"}},
    "POST /posts/bulk/cancel": {"json": {"ids": [MISSING]}},
    "POST /posts/bulk/delete": {"json": {"ids": [MISSING]}},
    "POST /posts/{post_id}/schedule": {"json": {"publish_at": "2099-01-01T00:00:00Z"}},
    "POST /posts/{post_id}/publish": {},
    "POST /posts/{post_id}/cancel": {},
    "POST /posts/{post_id}/duplicate": {},
    "POST /posts/{post_id}/retry": {},
    "POST /publications/{publication_id}/resolve": {"json": {"outcome": "live"}},
    "POST /recurrences": {"json": recurrence_with("{account_id}", "{video_id}")},
    "POST /analytics/chart-links": {"json": {"chart": {"kind": "series", "account_id": "{account_id}"}}},
    "POST /accounts/{account_id}/queue/move": {"json": {"relay": True}},
    "POST /posts/{post_id}/enqueue": {},
}
"""A request of each operation that succeeds, but for retry and resolve, which an untried post refuses."""


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator_urls: dict[str, str], each_database_url: str) -> Flask:
    return make_app(**simulator_urls, database_url=each_database_url)


@pytest.fixture
def keyed(operations: Any) -> list[Any]:
    """The operations that the document gives the header."""
    return some(
        operation
        for operation in operations
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.parameters)
    )


@on_each_database
def test_of_many_at_once_each_operation_acts_once_and_answers_no_other_credential(owner, make_post, make_video, keyed):
    post = make_post()
    photo = make_video(content=sample_media.photo(), name="a.png")
    ids = {
        "account_id": post["targets"][0]["account_id"],
        "media_id": photo,
        "video_id": post["media_ids"][0],
        "post_id": post["id"],
        "publication_id": post["targets"][0]["publication_id"],
    }
    of_its_own = {"POST /posts/{post_id}/enqueue": {"post_id": make_post(media_ids=post["media_ids"])["id"]}}
    week = {"timezone": "UTC", "slots": [{"weekday": "monday", "time": "09:00"}]}
    owner.put(f"/accounts/{ids['account_id']}/queue-slots", json=week)
    server, wrong, succeeded = make_key(owner), {}, set()

    for number, operation in enumerate(keyed):
        name = str(operation).replace(API_PREFIX, "")
        named = ids | of_its_own.get(name, {})
        path = _filled(name.partition(" ")[2], named)
        sent = _BODIES[name] | {"headers": {"Idempotency-Key": f"key {number}"}}
        if "json" in sent:
            sent["json"] = json.loads(_filled(json.dumps(sent["json"]), named))
        answers = _send_at_once(owner, path, sent)
        from_server = server.post(path, **sent)

        acted = [each for each in answers if each.status_code < 300 and not _is_replayed(each)]
        bodies = {each.data for each in answers if each.status_code < 300}
        succeeded |= {name} if acted else set()
        if len(acted) > 1 or len(bodies) > 1 or _is_replayed(from_server):
            wrong[name] = [(each.status_code, each.headers.get("Idempotency-Replayed")) for each in answers]
    assert wrong == {}
    assert set(_BODIES) - succeeded == {
        "POST /posts/{post_id}/retry",
        "POST /publications/{publication_id}/resolve",
    }


@pytest.mark.parametrize("kind", ChartKind)
def test_a_link_of_each_kind_of_chart_is_made_once(owner, make_post, kind):
    account_id = make_post()["targets"][0]["account_id"]
    video = owner.get(f"/accounts/{account_id}/videos?limit=1").json["data"][0]["id"]
    about = {"series": {"account_id": account_id}, "post": {"post_id": video}}.get(kind, {})
    wish = {"json": {"chart": {"kind": kind} | about}, "headers": {"Idempotency-Key": "a link"}}

    first, again, other = (
        owner.post("/analytics/chart-links", **wish),
        *(each.post("/analytics/chart-links", **wish) for each in (owner, make_key(owner))),
    )

    assert [each.status_code for each in (first, again, other)] == [201, 201, 201]
    assert first.data == again.data != other.data
    assert [_is_replayed(each) for each in (first, again, other)] == [False, True, False]
    assert len(owner.get("/audit?action=chart_link").json["data"]) == 2


def _filled(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: ids[found[1]], text)


def _send_at_once(person: Any, path: str, sent: dict[str, Any]) -> list[Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: person.elsewhere().post(path, **sent), range(AT_ONCE)))


def _is_replayed(answer: Any) -> bool:
    return "Idempotency-Replayed" in answer.headers


@on_each_database
def test_a_confined_key_gets_no_answer_about_an_account_outside(app, owner, connect_account):
    inside, outside = connect_account(owner, "ada"), connect_account(owner, "grace")
    wide, confined = make_key(owner), make_key(owner, account_ids=[inside])
    draft = {"json": {"targets": [{"account_id": outside}]}, "headers": {"Idempotency-Key": "draft"}}

    first = [each.post("/posts", **draft) for each in (owner, wide)]
    answer = Key(app, confined.token).post("/posts", **draft)

    assert [each.status_code for each in first] == [201, 201]
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "unknown_account")

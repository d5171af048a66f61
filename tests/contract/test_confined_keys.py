"""To a key that is confined to accounts, what is about another account does not exist: on every operation there is."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.auth.keys import Key, make_key
from tests.contract.example_requests import gist_of, send_example
from tests.contract.operations import MISSING, some
from tests.contract.whole_day import recurrence_with
from tests.databases import execute
from tests.media import sample_media
from tests.media.tus_client import begin
from tests.web.problems import assert_problem
from tiktok_api.composition.api import API_PREFIX

_COUNTED = "?include_total=true&limit=100"
SAME_AS_BEFORE = {
    "GET /accounts": _COUNTED,
    "GET /accounts/forecast": "",
    **{
        f"GET /analytics/{name}": ""
        for name in ("overview", "dashboard", "summary", "timeseries", "growth", "engagement", "best-times", "hashtags")
    },
    **dict.fromkeys(
        ("GET /analytics/compare", "GET /analytics/compare/chart.svg", "GET /analytics/compare/chart.png"), ""
    ),
    **{f"GET /analytics/best-times/chart.{picture}": "" for picture in ("svg", "png")},
    **{f"GET /analytics/posts{what}": "?by=total&posted=any" for what in ("", "/chart.svg", "/chart.png")},
    "GET /analytics/export": "?format=ndjson&dataset=account_readings",
    "GET /analytics/report-schedules": _COUNTED,
    "GET /analytics/reports": _COUNTED,
    "GET /media": _COUNTED,
    "GET /posts": _COUNTED,
    "GET /posts/calendar": "",
    "GET /posts/calendar-feeds": _COUNTED,
    "GET /posts/counts": "",
    "GET /recurrences": _COUNTED,
    "GET /media/usage": "",
}
"""Operations over many things, and their query: whatever is made outside of the key's reach, their answer stays the same."""

REFUSED = {
    "POST /auth/logout": "session_required",
    "DELETE /auth/me": "session_required",
    "PATCH /auth/me": "session_required",
    "GET /auth/sessions": "session_required",
    "DELETE /auth/sessions": "session_required",
    "DELETE /auth/sessions/{session_id}": "session_required",
    "POST /auth/password": "session_required",
    "GET /auth/api-keys": "session_required",
    "POST /auth/api-keys": "session_required",
    "DELETE /auth/api-keys/{key_id}": "session_required",
    "GET /audit": "session_required",
    "POST /accounts/connect": "key_confined",
}
"""Operations that no key, or no confined one, may use, whatever they are about."""

ABOUT_NOTHING_ELSE = {
    "GET /auth/me",
    "GET /posts/bulk/template.csv",
    "POST /media",
    "POST /media/import",
    "POST /media/uploads",
    "POST /recurrences/preview",
}
"""Operations about the user alone, and those that add what is new."""

_NAMES: list[dict[str, Any]] = [
    {"targets": [{"account_id": "{account_id}"}]},
    {"media_ids": ["{media_id}"]},
    {"media_ids": ["{upload}"]},
]
NAMING_OTHERS = {
    "POST /posts": _NAMES,
    "POST /posts/validate": _NAMES,
    "POST /posts/calendar-feeds": [{"name": "Our posts", "account_ids": ["{account_id}"]}],
    "POST /posts/bulk": [
        {"posts": [{"targets": [{"account_id": "{account_id}"}]}]},
        {"posts": [{"media_ids": ["{media_id}"]}]},
    ],
    "POST /posts/bulk/schedule": [{"ids": ["{post_id}", "{mixed_post}"], "publish_at": "2099-01-01T00:00:00Z"}],
    "POST /posts/bulk/cancel": [{"ids": ["{post_id}", "{mixed_post}"]}],
    "POST /posts/bulk/delete": [{"ids": ["{post_id}", "{mixed_post}"]}],
    "POST /analytics/reports": [{"account_id": "{account_id}", "month": "2026-01"}],
    "POST /analytics/report-schedules": [{"account_id": "{account_id}", "deliver": {"mail": True}}],
    "POST /recurrences": [recurrence_with("{account_id}", MISSING), recurrence_with(MISSING, "{media_id}")],
    "POST /analytics/chart-links": [
        {"chart": {"kind": "series", "account_id": "{account_id}"}},
        {"chart": {"kind": "comparison", "account_ids": ["{account_id}", "{inside}"]}},
        {"chart": {"kind": "best_times", "account_ids": ["{account_id}"]}},
        {"chart": {"kind": "leaderboard", "account_ids": ["{account_id}", "{inside}"]}},
        *({"chart": {"kind": "post", "post_id": each}} for each in ("{post_id}", "{mixed_post}", "{video_id}")),
    ],
    "POST /media/slideshows": [
        {"media_ids": ["{media_id}", "{media_id}"]},
        {"media_ids": ["{media_id}", "{upload}"], "audio_media_id": "{media_id}"},
    ],
}
"""Operations without an id in the path whose body names things: each body, or each of the posts in it, is refused as with an
unknown id."""


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Any:
    return make_app(**simulator_urls)


@pytest.fixture
def key(owner: Any, connect_account: Any) -> Key:
    """A key that may do everything, on two accounts."""
    return make_key(owner, account_ids=[connect_account(owner, each) for each in ("linus", "ada")])


@pytest.fixture
def make_outside(owner: Any, key: Key, connect_account: Any, make_video: Any, make_post: Any) -> Any:
    """Makes things of the owner's outside of the key's reach; a new kind of id in a path must be added here."""

    def make() -> dict[str, str]:
        inside = key.get("/accounts").json["data"][0]["id"]
        outside = connect_account(owner, "grace")
        upload = begin(owner, 1000).id
        target = {"account_id": outside, "privacy_level": "SELF_ONLY"}
        post = make_post(targets=[target], media_ids=[make_video(sample_media.video(suffix=".mov"), name="own.mov")])
        mixed = make_post(targets=[target, {"account_id": inside}], media_ids=post["media_ids"])
        owner.post("/posts", json={"media_ids": [upload], "targets": [{"account_id": outside}]})
        recurrence = owner.post("/recurrences", json=recurrence_with(outside, post["media_ids"][0]))
        [video, *_] = owner.get(f"/accounts/{outside}/videos").json["data"]  # read while its media were made
        about = {"account_id": outside, "deliver": {"mail": True}}
        return {
            "report_id": owner.post("/analytics/reports", json={"account_id": outside, "month": "2026-01"}).json["id"],
            "schedule_id": owner.post("/analytics/report-schedules", json=about).json["id"],
            "account_id": outside,
            "inside": inside,
            "video_id": video["id"],
            "connection_id": owner.post(f"/accounts/{outside}/reconnect", json={}).json["id"],
            "media_id": post["media_ids"][0],
            "upload": upload,
            "post_id": post["id"],
            "feed_id": owner.post("/posts/calendar-feeds", json={"name": "Our posts"}).json["id"],
            "publication_id": post["targets"][0]["publication_id"],
            "recurrence_id": recurrence.json["id"],
            "mixed_post": mixed["id"],
            "mixed_publication": mixed["targets"][1]["publication_id"],
        }

    return make


def name_of(operation: Any) -> str:
    return str(operation).replace(API_PREFIX, "")


def test_an_object_of_another_account_is_answered_as_a_random_one(owner, key, make_outside, operations):
    outside = make_outside()
    with_ids = [each for each in operations if "{" in each.path and not each.is_public and name_of(each) not in REFUSED]
    different, asked = {}, 0

    for operation in some(with_ids):
        for identifier in _ids_for(operation.path, outside):
            found, random = (gist_of(send_example(key, operation, each)) for each in (identifier, MISSING))
            asked += 1
            if found != random or found[0] != 404:
                different[str(operation)] = (found, random)

    assert different == {}
    assert asked > len(with_ids)
    assert owner.get(f"/posts/{outside['mixed_post']}").status_code == 200
    assert owner.get(f"/accounts/{outside['account_id']}").json["label"] == ""
    assert owner.get(f"/media/{outside['media_id']}").json["name"] == "own.mov"
    assert owner.get(f"/media/uploads/{outside['upload']}").status_code == 200


def _ids_for(path: str, outside: dict[str, str]) -> list[str]:
    [name] = re.findall(r"{(\w+)}", path)
    if "/uploads/" in path:
        return [outside["upload"], outside["media_id"]]
    mixed = {"post_id": ["mixed_post", "video_id"], "publication_id": ["mixed_publication"]}.get(name, [])
    return [outside[each] for each in [name, *mixed]]


def test_no_operation_without_an_id_tells_of_another_account(key, make_outside, operations, run_jobs):
    run_jobs()

    def look() -> dict[str, Any]:
        return {name: key.get(f"{name.partition(' ')[2]}{query}") for name, query in SAME_AS_BEFORE.items()}

    before = look()
    make_outside()
    without_ids = [name_of(each) for each in operations if "{" not in each.path and not each.is_public]
    answers = look()

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(SAME_AS_BEFORE, 200)
    assert set(without_ids) == (
        {name for name in REFUSED if "{" not in name}
        | ABOUT_NOTHING_ELSE
        | NAMING_OTHERS.keys()
        | SAME_AS_BEFORE.keys()
    )
    assert {name: _plain(answer) for name, answer in answers.items()} == {
        name: _plain(answer) for name, answer in before.items()
    }


def _plain(answer: Any) -> Any:
    """The answer without signed links and without the moment of the look; a picture byte by byte."""
    if isinstance(answer, TestResponse):
        return _plain(answer.json) if answer.is_json else answer.data
    if isinstance(answer, list):
        return [_plain(each) for each in answer]
    if isinstance(answer, dict):
        return {name: _plain(value) for name, value in answer.items() if not name.endswith("_url") and name != "until"}
    return answer


def test_what_no_confined_key_may_do_is_refused_before_anything_is_looked_at(key, operations):
    codes = {}
    for operation in some(each for each in operations if name_of(each) in REFUSED):
        answer = send_example(key, operation, MISSING)
        codes[name_of(operation)] = (answer.status_code, answer.json["code"])

    assert codes == {name: (403, code) for name, code in REFUSED.items()}


@pytest.mark.parametrize(
    ("name", "body"), [(name, body) for name, bodies in NAMING_OTHERS.items() for body in bodies], ids=str
)
def test_a_body_that_names_what_is_outside_is_answered_as_one_that_names_nothing(key, make_outside, name, body):
    outside = make_outside()

    unknown = {each: MISSING[:-3] + f"{place:03}" for place, each in enumerate(outside)}

    def send(ids: dict[str, str]) -> Any:
        text = re.sub(r"{(\w+)}", lambda found: ids[found[1]], json.dumps(body))
        return key.post(name.partition(" ")[2], data=text, content_type="application/json")

    found, random = send(outside), send(unknown)

    assert _refusals(found) == _refusals(random)


def _refusals(answer: Any) -> list[Any]:
    """What is said against the body, or against each of the posts in it."""
    if "problems" in answer.json:  # of a validation
        return some((each["code"], each["pointer"]) for each in answer.json["problems"])
    problems = [each["problem"] for each in answer.json["results"]] if answer.status_code == 200 else [answer.json]
    assert {each["status"] for each in problems} <= {404, 422}
    return some((each["code"], each.get("errors")) for each in problems)


def test_a_query_that_names_what_is_outside_finds_nothing(key, make_outside, make_video):
    outside = make_outside()
    own = make_video(name="unused.mp4")

    assert key.get(f"/posts?account_id={outside['account_id']}&include_total=true").json["total"] == 0
    assert_problem(key.get(f"/media/{own}/checks?account_id={outside['account_id']}"), 404, "not_found")


def test_no_analytics_of_accounts_are_told_if_one_of_them_is_outside(key, make_outside, operations):
    outside = make_outside()
    answered = {}

    for operation in some(each for each in operations if name_of(each).startswith("GET /analytics/")):
        names = {parameter["name"] for parameter in operation.parameters} & {"account_id", "account_ids"}
        if names and "{" not in operation.path:
            name, path = names.pop(), name_of(operation).partition(" ")[2]
            query = f"{SAME_AS_BEFORE[f'GET {path}']}&{name}={outside['inside']}&{name}={outside['account_id']}"
            answered[path] = key.get(f"{path}?{query.lstrip('?&')}").status_code

    assert answered.pop("/analytics/reports") == 200  # its filter finds nothing
    assert len(answered) > 12
    assert set(answered.values()) == {404}


def test_a_post_that_also_went_to_an_account_outside_has_no_history(owner, key, make_outside, database_url):
    outside = make_outside()
    mine, video = outside["mixed_post"], owner.get(f"/accounts/{outside['inside']}/videos").json["data"][0]["id"]
    execute(
        database_url, "update videos set post_id = :mine where id = :video", mine=UUID(mine).hex, video=UUID(video).hex
    )

    for path in (
        f"/analytics/posts/{mine}",
        f"/analytics/posts/{mine}/chart.svg",
        f"/analytics/posts/{mine}/chart.png",
    ):
        assert owner.get(path).status_code == 200
        assert_problem(key.get(path), 404, "not_found")
        assert key.get(path.replace(mine, video)).status_code == 200
    wish = {"json": {"chart": {"kind": "post", "post_id": mine}}}
    assert owner.post("/analytics/chart-links", **wish).status_code == 201
    assert_problem(key.post("/analytics/chart-links", **wish), 404, "not_found")


def test_a_cursor_of_the_owners_shows_a_confined_key_nothing_else(owner, key, make_outside):
    make_outside()
    for path in ("/media", "/posts", "/accounts"):
        cursor = owner.get(f"{path}?limit=1").json["next_cursor"]

        seen = [each["id"] for each in key.get(f"{path}?limit=1&cursor={cursor}").json["data"]]

        assert set(seen) <= {each["id"] for each in key.get(f"{path}?limit=100").json["data"]}, path

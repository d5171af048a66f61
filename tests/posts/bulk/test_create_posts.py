"""POST /posts/bulk with JSON"""

from datetime import timedelta

import pytest

from tests.auth.audit_trail import actions
from tests.contract.operations import MISSING
from tests.databases import on_each_database
from tests.failing_database import failing_statements
from tests.posts.times import NEXT_YEAR
from tests.web.problems import assert_problem
from tiktok_api import clock
from tiktok_api.db import db

PAST = "2020-01-01T00:00:00Z"


@on_each_database
def test_good_rows_are_created_and_bad_ones_are_told_as_a_single_post_is(owner, shared, captions):
    good = shared | {"caption": "Good", "publish_at": NEXT_YEAR}
    bad = [
        shared | {"caption": "Bad", "nonsense": 1, "publish_at": PAST},
        shared | {"caption": "Bad", "targets": [{"account_id": MISSING}]},
        "no object",
    ]
    singly = [owner.post("/posts", json=each).json for each in bad]

    answer = owner.post("/posts/bulk", json={"posts": [bad[0], good, *bad[1:], shared]})

    results = answer.json["results"]
    assert [(each["row"], each["status"]) for each in results] == [
        (1, "refused"),
        (2, "created"),
        (3, "refused"),
        (4, "refused"),
        (5, "created"),
    ]
    assert (answer.json["created"], answer.json["refused"]) == (2, 3)
    told = [each["problem"] for each in results if each["problem"]]
    assert [(each["code"], each["errors"]) for each in told] == [(each["code"], each["errors"]) for each in singly]
    assert {fault["code"] for fault in told[0]["errors"]} == {"unknown_field", "publish_time_passed"}
    assert captions() == ["", "Good"]
    assert owner.get(f"/posts/{results[1]['post_id']}").json["status"] == "scheduled"


def test_what_is_refused_leaves_no_trace_and_what_is_created_goes_out(app, owner, shared, publishing):
    with app.app_context():
        soon = (clock.now() + timedelta(seconds=5)).isoformat()
    refused = shared | {"caption": "Refused", "publish_at": soon, "privacy_level": None}
    created = [shared | {"caption": f"Number {number}", "publish_at": soon} for number in range(2)]

    answer = owner.post("/posts/bulk", json={"posts": [refused, *created]})
    publishing.run_until(lambda: len(publishing.live_titles()) == 2)

    assert answer.json["created"] == 2
    assert actions(owner, "?action=post.scheduled") == ["post.scheduled"] * 2
    assert sorted(publishing.live_titles()) == ["Number 0", "Number 1"]


@on_each_database
def test_a_dry_run_checks_everything_and_keeps_nothing(owner, shared, captions):
    posts = [shared | {"publish_at": NEXT_YEAR}, shared | {"publish_at": PAST}]

    answer = owner.post("/posts/bulk?dry_run=true", json={"posts": posts})
    keyed = [
        owner.post("/posts/bulk?dry_run=true", json={"posts": posts}, headers={"Idempotency-Key": "dry"}) for _ in "ab"
    ]

    assert [(each["status"], each["post_id"]) for each in answer.json["results"]] == [
        ("would_be_created", None),
        ("refused", None),
    ]
    assert (answer.json["created"], answer.json["refused"]) == (1, 1)
    assert keyed[0].data == keyed[1].data
    assert captions() == []
    assert actions(owner, "?action=post.scheduled") == []


@on_each_database
def test_all_or_nothing_creates_none_if_one_is_refused_and_names_every_fault(owner, shared, captions):
    posts = [shared, shared | {"caption": 7, "publish_at": PAST}, shared | {"media_ids": [MISSING]}]

    refused = owner.post("/posts/bulk?all_or_nothing=true", json={"posts": posts})
    left = captions()
    created = owner.post("/posts/bulk?all_or_nothing=true", json={"posts": [shared, shared]})

    faults = assert_problem(refused, 422, "rows_refused")["errors"]
    assert [(fault["pointer"], fault["row"], fault["code"]) for fault in faults] == [
        ("/posts/1/caption", 2, "wrong_type"),
        ("/posts/1/publish_at", 2, "publish_time_passed"),
        ("/posts/2/media_ids/0", 3, "unknown_media"),
    ]
    assert refused.json["detail"].startswith("2 of 3 posts")
    assert left == []
    assert created.json["created"] == 2


@on_each_database
def test_the_same_key_creates_once_and_is_answered_alike(owner, shared, captions):
    posts = {"posts": [shared | {"caption": f"Number {number}"} for number in range(3)] + [{"caption": 1}]}

    answers = [owner.post("/posts/bulk", json=posts, headers={"Idempotency-Key": "import"}) for _ in range(2)]
    other = owner.post("/posts/bulk?dry_run=true", json=posts, headers={"Idempotency-Key": "import"})

    assert answers[0].data == answers[1].data
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(captions()) == 3
    assert_problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/posts", "required"),
        ({"posts": []}, "/posts", "invalid"),
        ({"posts": [{}] * 101}, "/posts", "invalid"),
        ({"posts": {}}, "/posts", "wrong_type"),
        ({"posts": [{}], "more": 1}, "/more", "unknown_field"),
    ],
    ids=["nothing", "none", "too many", "no list", "more"],
)
def test_a_body_without_1_to_100_posts_is_refused(owner, body, pointer, code):
    answer = owner.post("/posts/bulk", json=body)

    [fault] = assert_problem(answer, 422)["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


def test_other_kinds_of_body_are_refused(owner):
    answer = owner.post("/posts/bulk", data=b"caption\nx", content_type="text/plain")

    assert_problem(answer, 415, "unsupported_body")


@pytest.mark.parametrize("settings", [{"rate_limit_enabled": True}], ids=["limited"])
def test_a_hundred_posts_are_one_request(owner, shared, captions):
    before = int(owner.get("/posts").headers["RateLimit-Remaining"])

    answer = owner.post("/posts/bulk", json={"posts": [shared | {"publish_at": NEXT_YEAR}] * 100})

    assert answer.json["created"] == 100
    assert before - int(answer.headers["RateLimit-Remaining"]) == 1
    assert len(captions()) == 100


@on_each_database
@pytest.mark.parametrize("statement", ["SAVEPOINT", "INSERT INTO posts", "RELEASE SAVEPOINT", "idempotency_keys SET"])
def test_of_a_request_that_is_interrupted_nothing_is_left_and_its_key_is_free(app, owner, shared, captions, statement):
    request = {"json": {"posts": [shared] * 5}, "headers": {"Idempotency-Key": "interrupted"}}
    with app.app_context(), failing_statements(db.engine) as fail:
        failed = fail(statement)
        interrupted = owner.post("/posts/bulk", **request)
    left = captions()

    again = owner.post("/posts/bulk", **request)

    assert len(failed) == 1
    assert_problem(interrupted, 503, "database_busy")
    assert left == []
    assert again.json["created"] == 5
    assert len(captions()) == 5

"""POST /posts/bulk/schedule, /cancel and /delete"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.keys import make_key
from tests.contract.operations import MISSING
from tests.databases import on_each_database
from tests.posts.interruptions import between_transactions
from tests.posts.times import NEXT_YEAR
from tests.web.problems import assert_problem
from tiktok_api.db import db


def told(answer):
    """What became of each post, in order: the code of its problem, or its status now."""
    results = answer.json["results"]
    return [each["problem"]["code"] if each["problem"] else each["post_status"] for each in results]


@on_each_database
def test_posts_are_scheduled_for_one_time_or_for_one_each(owner, drafts):
    ids = drafts(4)

    together = owner.post("/posts/bulk/schedule", json={"ids": [ids[1], ids[0]], "publish_at": NEXT_YEAR})
    apart = owner.post(
        "/posts/bulk/schedule",
        json={
            "items": [
                {"id": ids[3], "local_time": "2200-03-02T12:00", "timezone": "Asia/Tokyo"},
                {"id": ids[2], "publish_at": "2020-01-01T00:00:00Z"},
            ]
        },
    )

    assert [each["id"] for each in together.json["results"]] == [ids[1], ids[0]]
    assert (told(together), together.json["done"], together.json["refused"]) == (["scheduled"] * 2, 2, 0)
    assert told(apart) == ["scheduled", "publish_time_passed"]
    assert (apart.json["done"], apart.json["refused"]) == (1, 1)
    assert [owner.get(f"/posts/{each}").json["publish_at"] for each in ids] == [
        NEXT_YEAR,
        NEXT_YEAR,
        None,
        "2200-03-02T03:00:00Z",
    ]


@on_each_database
def test_each_post_is_cancelled_or_refused_as_it_would_be_alone(owner, drafts):
    scheduled, again, draft = drafts(3)
    owner.post("/posts/bulk/schedule", json={"ids": [scheduled, again], "publish_at": NEXT_YEAR})
    owner.post(f"/posts/{again}/cancel")
    alone = [owner.post(f"/posts/{each}/cancel").json for each in (again, draft)]

    answer = owner.post("/posts/bulk/cancel", json={"ids": [draft, scheduled, MISSING, again]})

    results = answer.json["results"]
    assert told(answer) == ["nothing_to_cancel", "cancelled", "not_found", "nothing_to_cancel"]
    assert [results[3]["problem"]["detail"], results[0]["problem"]["detail"]] == [each["detail"] for each in alone]
    assert [target["outcome"] for target in results[1]["targets"]] == ["cancelled"]
    assert results[0]["targets"] == []
    assert owner.get(f"/posts/{scheduled}").json["status"] == "cancelled"


@on_each_database
def test_posts_are_deleted_but_not_those_on_their_way(owner, drafts, begin):
    gone, on_its_way = drafts(2)
    begin({"id": on_its_way})

    answer = owner.post("/posts/bulk/delete", json={"ids": [gone, on_its_way]})

    assert told(answer) == [None, "post_in_progress"]
    assert [each["status"] for each in answer.json["results"]] == ["done", "refused"]
    assert [owner.get(f"/posts/{each}").status_code for each in (gone, on_its_way)] == [404, 200]


@pytest.mark.parametrize("act", ["schedule", "cancel", "delete"])
def test_what_is_not_the_callers_does_not_exist(owner, stranger, drafts, connect_account, act):
    [post] = drafts(1)
    confined = make_key(owner, account_ids=[connect_account(owner, "grace")])
    wish = {"ids": [post, MISSING]} | ({"publish_at": NEXT_YEAR} if act == "schedule" else {})

    answers = [person.post(f"/posts/bulk/{act}", json=wish) for person in (stranger, confined)]

    assert [told(answer) for answer in answers] == [["not_found", "not_found"]] * 2
    assert owner.get(f"/posts/{post}").json["status"] == "draft"


@on_each_database
@pytest.mark.parametrize("act", ["schedule", "cancel", "delete"])
def test_the_same_key_acts_once(owner, drafts, act):
    ids = drafts(2)
    owner.post("/posts/bulk/schedule", json={"ids": ids, "publish_at": NEXT_YEAR})
    wish = {"ids": ids} | ({"publish_at": NEXT_YEAR} if act == "schedule" else {})

    answers = [owner.post(f"/posts/bulk/{act}", json=wish, headers={"Idempotency-Key": act}) for _ in range(2)]

    assert answers[0].json["done"] == 2
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize(
    ("act", "body", "pointer"),
    [
        ("cancel", {"ids": []}, "/ids"),
        ("cancel", {"ids": [MISSING] * 2}, "/ids/1"),
        ("delete", {"ids": [MISSING] * 101}, "/ids"),
        ("delete", {}, "/ids"),
        ("schedule", {}, "/ids"),
        ("schedule", {"ids": [MISSING]}, "/publish_at"),
        ("schedule", {"ids": [MISSING, MISSING], "publish_at": NEXT_YEAR}, "/ids/1"),
        ("schedule", {"items": [{"id": MISSING}]}, "/items/0/publish_at"),
        ("schedule", {"items": [{"id": MISSING, "publish_at": NEXT_YEAR}], "publish_at": NEXT_YEAR}, "/items"),
        ("schedule", {"items": [{"id": MISSING, "publish_at": NEXT_YEAR}] * 2}, "/items/1/id"),
        ("schedule", {"items": [{"publish_at": NEXT_YEAR}] * 2}, "/items/0/id"),
        ("schedule", {"ids": [MISSING], "items": [], "publish_at": NEXT_YEAR}, "/ids"),
        ("schedule", [], ""),
    ],
    ids=str,
)
def test_a_wish_that_is_not_clear_is_refused(owner, act, body, pointer):
    faults = assert_problem(owner.post(f"/posts/bulk/{act}", json=body), 422)["errors"]

    assert pointer in [fault["pointer"] for fault in faults]


@pytest.mark.parametrize(
    ("act", "body", "pointers"),
    [
        ("cancel", {"ids": ["x", MISSING, MISSING]}, ["/ids/0"]),
        ("schedule", {"ids": ["x", MISSING, MISSING], "publish_at": NEXT_YEAR}, ["/ids/0"]),
        ("schedule", {"items": [{"publish_at": NEXT_YEAR}] * 2}, ["/items/0/id", "/items/1/id"]),
        ("schedule", {"items": [{"id": "x", "publish_at": NEXT_YEAR}] * 2}, ["/items/0/id", "/items/1/id"]),
    ],
    ids=str,
)
def test_what_is_no_id_names_no_post_twice(owner, act, body, pointers):
    faults = assert_problem(owner.post(f"/posts/bulk/{act}", json=body), 422)["errors"]

    assert sorted(fault["pointer"] for fault in faults) == pointers


@on_each_database
def test_requests_that_name_the_same_posts_in_other_orders_do_not_stand_in_each_others_way(owner, drafts):
    ids = drafts(12)
    wishes = [("schedule", {"ids": order, "publish_at": NEXT_YEAR}) for order in (ids, ids[::-1])] * 2
    wishes += [("cancel", {"ids": ids[::-1]}), ("cancel", {"ids": ids})]

    def send(wish):
        return owner.elsewhere().post(f"/posts/bulk/{wish[0]}", json=wish[1]).status_code

    with ThreadPoolExecutor(len(wishes)) as pool:
        statuses = list(pool.map(send, wishes))

    assert statuses == [200] * len(wishes)


@on_each_database
def test_at_any_moment_of_the_worker_many_cancelled_posts_are_told_the_truth(app, owner, drafts, publishing):
    """A worker publishes two posts; just before one of its transactions both are cancelled, the later one first."""
    publishing.tiktok.knobs(post_cap=10_000)
    with app.app_context():
        engine = db.engine
    seen = set()

    for number in range(1, 40, 3):
        ids = drafts(2)
        for post_id in ids:
            publishing.begin({"id": post_id})
        live = len(publishing.live())
        with between_transactions(
            engine, number, lambda ids=ids: owner.elsewhere().post("/posts/bulk/cancel", json={"ids": ids[::-1]})
        ) as happening:
            publishing.run()
            publishing.pass_time(20)
            publishing.run()
        for _ in range(2):
            publishing.pass_time(61)
            publishing.run()
        if not happening.has_happened:
            break
        assert happening.result.status_code == 200
        outcomes = [
            each["targets"][0]["outcome"] if each["targets"] else "ended" for each in happening.result.json["results"]
        ]
        seen |= set(outcomes)
        assert len(publishing.live()) - live == 2 - outcomes.count("cancelled")

    assert {"cancelled", "too_late_unknown"} <= seen

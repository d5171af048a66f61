"""Pages put together are the posts that a look at all of them finds, in their order: for any filters, sort and size of page."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth.keys import make_key
from tests.databases import on_each_database
from tests.posts.lists.world import LABELS, TAGS, make_world
from tiktok_api.db import transaction
from tiktok_api.posts.vocabulary import PostStatus

SORTS = ["created_at", "-created_at", "publish_at", "-publish_at"]
MOMENTS = [f"2026-03-0{day}T12:00:00+00:00" for day in range(1, 6)]
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url)


@pytest.fixture
def world(app, owner, stranger):
    """The owner's posts; another user has others of the same kinds."""
    with app.app_context():
        make_world(UUID(stranger.user_id), seed=2)
        return make_world(UUID(owner.user_id), seed=1)


def filters(world, *, without=()):
    some = {
        "status": st.lists(st.sampled_from([each.value for each in PostStatus]), min_size=1, max_size=3),
        "account_id": st.lists(st.sampled_from([str(each) for each in world.accounts]), min_size=1, max_size=3),
        "type": st.sampled_from([["video"], ["photo"], ["photo", "video"]]),
        "tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2),
        "label": st.lists(st.sampled_from([*LABELS, "unused"]), min_size=1, max_size=3),
        "external_id": st.lists(st.sampled_from([f"cms-{number}" for number in range(60)]), min_size=1, max_size=9),
        "q": st.sampled_from(["studio", "SEA", "9", "zzzz"]),
        "from": st.sampled_from(MOMENTS),
        "to": st.sampled_from(MOMENTS),
    }
    names = st.lists(st.sampled_from(sorted(some.keys() - set(without))), max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: some[name] for name in chosen}))


def all_pages(person, **query):
    found, cursor = [], "*"
    while cursor:
        answer = person.get("/posts", query_string=query | {"cursor": cursor, "include_total": "true"})
        assert answer.status_code == 200, answer.json
        found += [post["id"] for post in answer.json["data"]]
        cursor = answer.json["next_cursor"]
    assert answer.json["total"] == len(found)
    return found


@on_each_database
def test_pages_put_together_are_all_that_match_in_their_order(owner, world):
    @EXAMPLES
    @given(filters(world), st.sampled_from(SORTS), st.integers(1, 40))
    def check(wanted, sort, limit):
        assert all_pages(owner, **wanted, sort=sort, limit=limit) == world.matching(wanted, sort)

    check()


@on_each_database
def test_the_same_holds_for_a_key_that_is_confined_to_accounts(owner, world):
    reached = {str(each) for each in list(world.accounts)[:2]}
    key = make_key(owner, account_ids=sorted(reached))
    seen = {str(post) for post, accounts in world.targets.items() if {str(each) for each in accounts} <= reached}

    @settings(EXAMPLES, max_examples=25)
    @given(filters(world), st.sampled_from(SORTS))
    def check(wanted, sort):
        expected = [each for each in world.matching(wanted, sort) if each in seen]
        assert all_pages(key, **wanted, sort=sort) == expected

    check()


@on_each_database
def test_counts_are_those_of_the_lists(owner, world):
    status = {str(post.id): post.status.value for post in world.posts}

    @EXAMPLES
    @given(filters(world, without=["status"]))
    def check(wanted):
        answer = owner.get("/posts/counts", query_string=wanted)

        expected = Counter(status[each] for each in world.matching(wanted, "created_at"))
        assert answer.status_code == 200, answer.json
        assert {row["status"]: row["count"] for row in answer.json["statuses"]} == {
            each.value: expected[each.value] for each in PostStatus
        }
        assert all(row["is_exact"] for row in answer.json["statuses"])

    check()


@on_each_database
def test_labels_in_use_are_counted_over_all_posts(owner, world):
    labels = owner.get("/posts/counts?status_is=x").status_code, owner.get("/posts/counts?label=autumn").json["labels"]

    expected = Counter(label for post in world.posts for label in post.labels)
    assert labels[0] == 422
    assert {row["label"]: row["count"] for row in labels[1]} == dict(expected)


@on_each_database
def test_a_confined_key_is_told_of_no_label_outside(app, owner, world):
    inside, outside = list(world.accounts)[:2]
    key = make_key(owner, account_ids=[str(inside)])
    owner.post("/posts", json={"labels": ["secret"], "targets": [{"account_id": str(outside)}]})
    owner.post("/posts", json={"labels": ["told"], "targets": [{"account_id": str(inside)}]})

    labels = {row["label"] for row in key.get("/posts/counts").json["labels"]}

    assert "told" in labels
    assert "secret" not in labels


@on_each_database
def test_labels_outside_do_not_take_the_places_of_those_that_a_confined_key_sees(app, owner, world):
    inside, outside = list(world.accounts)[:2]
    key = make_key(owner, account_ids=[str(inside)])
    for number in range(6):
        labels = [f"!{number}-{place}" for place in range(20)]
        owner.post("/posts", json={"labels": labels, "targets": [{"account_id": str(outside)}]})
    owner.post("/posts", json={"labels": ["told"], "targets": [{"account_id": str(inside)}]})

    labels = {row["label"]: row["count"] for row in key.get("/posts/counts").json["labels"]}

    assert labels["told"] == 1


@on_each_database
def test_a_count_ends_at_ten_thousand_and_says_so(app, owner, world):
    with app.app_context(), transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM posts WHERE status = 'draft'")
        rows = _many_drafts(UUID(owner.user_id), 10_001)
        session.add_all(rows)

    [drafts, *_] = owner.get("/posts/counts").json["statuses"]
    [with_words, *_] = owner.get("/posts/counts?q=many").json["statuses"]

    assert drafts == with_words == {"status": "draft", "count": 10_000, "is_exact": False}


def _many_drafts(owner_id, number):
    from tiktok_api.posts.models import Post

    return [Post(owner_id=owner_id, caption="many") for _ in range(number)]


@on_each_database
def test_a_cursor_is_bound_to_its_order(owner, world):
    cursor = owner.get("/posts?limit=2&sort=publish_at").json["next_cursor"]

    other = owner.get(f"/posts?limit=2&sort=-publish_at&cursor={cursor}")

    assert (other.status_code, other.json["code"]) == (422, "invalid_cursor")

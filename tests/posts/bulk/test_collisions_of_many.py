"""Many posts at once are told of the caps that their times run into, each with those before it counted"""

import pytest

from tests.posts.times import NEXT_YEAR


@pytest.fixture
def settings():
    return {"creator_posts_per_day": 2}


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_rows_beyond_the_cap_are_told(owner, shared, is_dry_run):
    timed = shared | {"publish_at": NEXT_YEAR}
    posts = [timed, timed, shared, timed, timed | {"privacy_level": None}]

    answer = owner.post(f"/posts/bulk?dry_run={str(is_dry_run).lower()}", json={"posts": posts})

    first, second, draft, third, refused = answer.json["results"]
    assert (first["collisions"], second["collisions"]) == ([], [])
    assert (draft["collisions"], refused["collisions"]) == (None, None)
    [collision] = third["collisions"]
    assert (collision["code"], collision["found"], collision["allowed"]) == ("creator_cap_reached", 2, 2)
    assert len(collision["next_free_at"]) == 3


@pytest.mark.parametrize("is_reversed", [False, True])
def test_drafts_that_are_scheduled_are_told_in_the_order_that_was_sent(owner, drafts, is_reversed):
    ids = sorted(drafts(3), reverse=is_reversed)

    answer = owner.post("/posts/bulk/schedule", json={"ids": ids, "publish_at": NEXT_YEAR})

    assert answer.json["done"] == 3
    assert [each["id"] for each in answer.json["results"]] == ids
    assert [len(each["collisions"]) for each in answer.json["results"]] == [0, 0, 1]


def test_what_is_not_scheduled_is_told_of_none(owner, shared):
    missing = owner.post("/posts/bulk", json={"posts": [shared | {"media_ids": []}]}).json["results"][0]["post_id"]

    answer = owner.post("/posts/bulk/schedule", json={"ids": [missing], "publish_at": NEXT_YEAR})

    assert [(each["status"], each["collisions"]) for each in answer.json["results"]] == [("refused", None)]

"""GET /accounts/{id}/videos"""

from uuid import uuid4

import pytest


@pytest.fixture
def account_id(owner, connect_account, run_jobs, simulator):
    simulator.control.freeze()
    account_id = connect_account(owner, "katherine")
    run_jobs()
    return account_id


def test_videos_have_tiktoks_own_numbers_the_newest_first(owner, account_id, simulator):
    response = owner.get(f"/accounts/{account_id}/videos")

    assert response.status_code == 200
    theirs = sorted(simulator.control.videos(username="katherine"), key=lambda video: video["created_at"], reverse=True)
    counters = ("view_count", "like_count", "comment_count", "share_count")
    assert [
        (video["video_id"], video["views"], video["likes"], video["comments"], video["shares"])
        for video in response.json["data"]
    ] == [(video["id"], *(video[name] for name in counters)) for video in theirs]
    assert response.json["captured_at"] is not None
    assert response.json["reason"] is None
    assert response.json["data"][0]["cover_url"].startswith("http")


def test_pages_follow_each_other_by_cursor(owner, account_id):
    whole = [video["id"] for video in owner.get(f"/accounts/{account_id}/videos").json["data"]]
    found, query = [], "limit=4&include_total=true"

    while True:
        page = owner.get(f"/accounts/{account_id}/videos?{query}").json
        found += [video["id"] for video in page["data"]]
        if not page["has_more"]:
            break
        query = f"limit=4&cursor={page['next_cursor']}"

    assert found == whole
    assert len(found) == 11


def test_a_list_that_was_never_read_has_a_reason(owner, make_account):
    response = owner.get(f"/accounts/{make_account(owner)}/videos")

    assert response.json["data"] == []
    assert (response.json["captured_at"], response.json["reason"]) == (None, "not_read_yet")


def test_a_strangers_videos_do_not_exist(owner, stranger, make_account):
    account_id = make_account(owner)

    answers = [stranger.get(f"/accounts/{each}/videos") for each in (account_id, uuid4(), "nonsense")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_a_cursor_of_another_list_is_refused(owner, account_id, make_account):
    cursor = owner.get(f"/accounts/{account_id}/videos?limit=1").json["next_cursor"]

    response = owner.get(f"/accounts/{make_account(owner)}/videos?cursor={cursor}")

    assert response.status_code == 422
    assert response.json["code"] == "invalid_cursor"

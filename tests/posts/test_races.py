"""People who change their minds at every moment of the worker's work: in time, or told that it is too late.

Each test plays the same scene again and again. The worker publishes a post; just before its first, second, third …
transaction the person acts, through the API; then the worker goes on. The scene ends when there is no such moment.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from tests.databases import on_each_database
from tests.posts.interruptions import around_calls, between_transactions
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.posts.publishing.transitions import enqueue_publication

MOST_MOMENTS = 80


on_each_database_in_strides = pytest.mark.parametrize(
    ("each_database_url", "stride"),
    [
        pytest.param("database_url", 1, id="sqlite"),
        pytest.param("postgresql_url", 3, id="postgresql-some", marks=pytest.mark.postgres),
        pytest.param("postgresql_url", 1, id="postgresql-all", marks=[pytest.mark.postgres, pytest.mark.long]),
    ],
    indirect=["each_database_url"],
)
"""Every moment on SQLite; on PostgreSQL a sample of them, and every one among the long hauls."""


@pytest.fixture
def at_every_moment(app, simulator, run_jobs, pass_time):
    """Returns what `act(scene)` returned at each moment of the worker's work on what `set_up()` made, or at each `stride`th
    and the last.
    """

    def play(set_up: Callable, act: Callable, check: Callable, *, stride: int = 1) -> list:
        with app.app_context():
            engine = db.engine
        answers, number, played = [], 1, 0
        while number < MOST_MOMENTS:
            scene = set_up(number)
            with between_transactions(engine, number, lambda scene=scene: act(scene)) as happening:
                run_jobs()
                pass_time(20)
                run_jobs()
            if not happening.has_happened:
                if happening.chances <= played:
                    return answers
                number = happening.chances
                continue
            pass_time(61)
            run_jobs()
            pass_time(61)
            run_jobs()
            check(scene, happening.result)
            answers.append(happening.result)
            played, number = number, number + stride
        raise AssertionError("there are more moments than expected")

    return play


@pytest.fixture
def lasting(make_video, connect_account, owner, simulator, run_jobs):
    """A video and an account that all posts of a test share, at a TikTok without daily caps."""
    simulator.control.knobs(post_cap=10_000)
    shared = {"media_ids": [make_video()], "targets": [{"account_id": connect_account(owner, "ada")}]}
    run_jobs()
    return shared


@pytest.fixture
def scheduled_now(app, lasting, make_post, owner):
    """A post whose time has come."""

    def make(number):
        post = make_post(**lasting, caption=f"Moment {number}")
        with app.app_context():
            moment = (clock.now() - timedelta(seconds=20)).isoformat()
        response = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": moment})
        assert response.status_code == 200, response.json
        return post

    return make


@on_each_database_in_strides
def test_a_post_that_is_cancelled_in_time_never_goes_live_and_a_later_one_is_told_so(
    at_every_moment, scheduled_now, owner, publishing, stride
):
    def cancel(post):
        return owner.post(f"/posts/{post['id']}/cancel").json["targets"][0]["outcome"]

    def check(post, outcome):
        is_cancelled = outcome == "cancelled"
        assert publishing.shown(post)["state"] == ("cancelled" if is_cancelled else "published")
        assert publishing.live_titles().count(post["caption"]) == (0 if is_cancelled else 1)

    outcomes = at_every_moment(scheduled_now, cancel, check, stride=stride)

    assert list(dict.fromkeys(outcomes)) == ["cancelled", "too_late_unknown", "too_late_published"]


def test_a_change_is_either_what_goes_live_or_refused(at_every_moment, scheduled_now, owner, live_titles):
    def change(post):
        return owner.patch(f"/posts/{post['id']}", json={"caption": f"{post['caption']}, changed"}).status_code

    def check(post, status):
        expected = {200: f"{post['caption']}, changed", 409: post["caption"]}[status]
        assert [title for title in live_titles() if title.startswith(f"{post['caption']}")][-1:] == [expected]
        assert live_titles().count(expected) == 1

    statuses = at_every_moment(scheduled_now, change, check)

    assert list(dict.fromkeys(statuses)) == [200, 409]


def test_a_post_that_is_put_off_in_time_does_not_go_out_early(app, at_every_moment, scheduled_now, owner, publishing):
    def put_off(post):
        return owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": "2200-01-01T00:00:00Z"}).status_code

    def check(post, status):
        assert publishing.shown(post)["state"] == {200: "scheduled", 409: "published"}[status]
        assert publishing.live_titles().count(post["caption"]) == {200: 0, 409: 1}[status]

    statuses = at_every_moment(scheduled_now, put_off, check)

    assert list(dict.fromkeys(statuses)) == [200, 409]


def test_a_post_whose_time_comes_while_the_worker_looks_at_it_is_prepared_first(
    app, at_every_moment, lasting, publishing, owner
):
    """The database's clock, by which jobs come due, may be a little ahead of the worker's."""

    def set_up(number):
        post = publishing.make_post(**lasting, caption=f"Moment {number}")
        with app.app_context():
            moment = (clock.now() + timedelta(seconds=10)).isoformat()
        assert owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": moment}).status_code == 200
        with app.app_context(), transaction():
            enqueue_publication(UUID(publishing.shown(post)["id"]), clock.now())
        return post

    def check(post, _):
        events = [entry["event"] for entry in publishing.shown(post)["timeline"]]
        assert events[:3] == ["scheduled", "preparing", "upload_started"]

    at_every_moment(set_up, lambda _post: publishing.pass_time(10), check)


def test_a_post_is_deleted_in_time_or_not_at_all(at_every_moment, scheduled_now, owner, live_titles):
    def delete(post):
        return owner.delete(f"/posts/{post['id']}").status_code

    seen = set()

    def check(post, status):
        assert owner.get(f"/posts/{post['id']}").status_code == {204: 404, 409: 200}[status]
        seen.add(status)  # whatever is deleted after it was on its way stays live: nothing is deleted at TikTok
        assert live_titles().count(post["caption"]) == (1 if 409 in seen else 0)

    statuses = at_every_moment(scheduled_now, delete, check)

    assert list(dict.fromkeys(statuses)) == [204, 409]


@on_each_database_in_strides
def test_an_account_that_is_disconnected_takes_along_what_is_not_past_its_commit_point(
    at_every_moment, publishing, lasting, owner, connect_account, stride
):
    def set_up(number):
        account_id = connect_account(owner, "grace")
        publishing.run()
        post = publishing.make_post(
            media_ids=lasting["media_ids"], targets=[{"account_id": account_id}], caption=f"Moment {number}"
        )
        publishing.begin(post)
        return post | {"account_id": account_id}

    def disconnect(post):
        return len(owner.delete(f"/accounts/{post['account_id']}").json["cancelled_publications"])

    def check(post, cancelled):
        state, live = publishing.shown(post)["state"], publishing.live_titles().count(post["caption"])
        assert (cancelled, state, live) in [
            (1, "cancelled", 0),
            (0, "unconfirmed", 0),
            (0, "unconfirmed", 1),
            (0, "published", 1),
        ]
        if state != "published":
            owner.delete(f"/posts/{post['id']}")

    at_every_moment(set_up, disconnect, check, stride=stride)


def test_media_stay_while_a_post_on_its_way_needs_them(at_every_moment, publishing, lasting, owner):
    def set_up(number):
        post = publishing.make_post(
            targets=lasting["targets"], media_ids=[publishing.make_video()], caption=f"Moment {number}"
        )
        publishing.begin(post)
        return post

    def delete(post):
        return owner.delete(f"/media/{post['media_ids'][0]}").status_code

    def check(post, status):
        assert publishing.live_titles().count(post["caption"]) == 1

    statuses = at_every_moment(set_up, delete, check)

    assert list(dict.fromkeys(statuses)) == [409, 204]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cancellation_while_tiktok_is_being_asked_is_kept(when, transport, lasting, publishing, owner):
    for number in range(1, 5):
        post = publishing.make_post(**lasting, caption=f"Call {number}")
        publishing.begin(post)

        with around_calls(
            transport, number, when, lambda post=post: owner.post(f"/posts/{post['id']}/cancel").json
        ) as cancelling:
            publishing.run()
            publishing.pass_time(20)
            publishing.run()

        assert cancelling.has_happened
        outcome = cancelling.result["targets"][0]["outcome"]
        assert outcome == ("cancelled" if number <= 2 else "too_late_unknown")
        assert publishing.shown(post)["state"] == ("cancelled" if number <= 2 else "published")
        assert publishing.live_titles().count(post["caption"]) == (0 if number <= 2 else 1)
        publishing.pass_time(61)


@pytest.mark.parametrize("outcome", ["live", "post_again"])
def test_what_a_person_settles_while_the_worker_asks_once_more_is_settled(
    outcome, at_every_moment, lasting, publishing, owner
):
    def set_up(number):
        publishing.tiktok.knobs(processing_seconds=10**8)
        post = publishing.make_post(**lasting, caption=f"Moment {number}")
        publishing.begin(post)
        publishing.run()
        publishing.pass_time(25 * 3600)
        publishing.run()
        assert publishing.shown(post)["state"] == "unconfirmed"
        publishing.tiktok.knobs(processing_seconds=1)
        publishing.pass_time(3601)
        return post

    def settle(post):
        publication_id = publishing.shown(post)["id"]
        return owner.post(f"/publications/{publication_id}/resolve", json={"outcome": outcome}).status_code

    def check(post, status):
        publication = publishing.shown(post)
        assert status == 200
        assert publication["state"] == "published"
        ended = {"live": ["succeeded"], "post_again": ["dead", "succeeded"]}[outcome]
        assert [attempt["state"] for attempt in publication["attempts"]] == ended

    at_every_moment(set_up, settle, check)


@on_each_database
def test_of_two_who_publish_at_once_one_is_told_that_it_is_under_way(
    make_post, owner, run_jobs, live_titles, pass_time
):
    post = make_post()
    barrier = threading.Barrier(2)

    def publish(_):
        client = owner.app.test_client()
        headers = {"Authorization": f"Bearer {owner.tokens['access_token']}"}
        barrier.wait()
        return client.post(f"/api/v1/posts/{post['id']}/publish", headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(publish, range(2)))
    run_jobs()
    pass_time(20)
    run_jobs()

    assert statuses == [202, 409]
    assert live_titles() == [post["caption"]]


def test_publishing_again_with_the_same_key_answers_the_same(make_post, owner, run_jobs, pass_time, live_titles):
    post = make_post()
    key = {"headers": {"Idempotency-Key": "publish-once"}}

    first = owner.post(f"/posts/{post['id']}/publish", **key)
    run_jobs()
    pass_time(20)
    run_jobs()
    second = owner.post(f"/posts/{post['id']}/publish", **key)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json == first.json
    assert live_titles() == [post["caption"]]


@on_each_database
def test_of_two_who_change_the_same_version_one_is_told_that_it_is_stale(make_post, owner):
    post = make_post()
    version = owner.get(f"/posts/{post['id']}").headers["ETag"]
    barrier = threading.Barrier(2)

    def change(word):
        client = owner.app.test_client()
        headers = {"Authorization": f"Bearer {owner.tokens['access_token']}", "If-Match": version}
        barrier.wait()
        return client.patch(f"/api/v1/posts/{post['id']}", headers=headers, json={"caption": word}).status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(change, ["one", "other"]))

    assert statuses == [200, 412]

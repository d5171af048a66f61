"""What is held for a cap looks again at once when a place becomes free before its time, in the order of the times."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import structlog
from sqlalchemy import update

from tests.conftest import API
from tests.databases import on_postgresql
from tests.listening import listening
from tests.posts.times import HOUR
from tests.webhooks.events import event, signed
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.posts.models import PUBLISH, Post, Publication
from tiktok_api.posts.publishing.transitions import enqueue_publication

WINDOW = timedelta(days=1, minutes=1)


@pytest.fixture
def settings():
    return {"late_policy": "publish"}


@pytest.fixture
def line(plan, publishing):
    """A post that is out, and three that wait in line for the one place of each day; what matters of the first that waits."""

    def make(**what_matters):
        [out] = plan([60])
        waiting = [*plan([660], **what_matters), *plan([1260, 1860])]
        publishing.tiktok.knobs(post_cap=1)
        for seconds in (61, 600, 600, 600):
            publishing.pass_time(seconds)
            publishing.run()
        assert publishing.shown(out)["state"] in ("processing", "published")
        assert [publishing.shown(post)["state"] for post in waiting] == ["held"] * 3
        return out, *waiting

    return make


def opens_at(publishing, out):
    """When the place of a post that is out is free again."""
    return datetime.fromisoformat(publishing.shown(out)["attempts"][0]["final_at"]) + WINDOW


def next_try_of(publishing, post):
    return datetime.fromisoformat(publishing.shown(post)["next_try_at"])


@pytest.fixture
def pass_time_to(app, publishing):
    """Let time go by until a post looks again, and a second longer."""

    def work(post):
        with app.app_context():
            left = datetime.fromisoformat(publishing.shown(post)["next_try_at"]) - clock.now()
        publishing.pass_time(left.total_seconds() + 1)

    return work


@pytest.mark.parametrize("end", ["cancelled", "missed"])
def test_those_behind_a_post_that_ends_early_move_up_in_order(end, line, publishing, owner):
    out, first, second, third = line(if_late="skip" if end == "missed" else None)
    before = [next_try_of(publishing, second), next_try_of(publishing, third)]

    if end == "cancelled":
        assert owner.post(f"/posts/{first['id']}/cancel").status_code == 200
    else:
        publishing.pass_time(2 * HOUR)
    publishing.run()

    assert publishing.shown(first)["state"] == "cancelled"
    after = [next_try_of(publishing, second), next_try_of(publishing, third)]
    assert [round((at - opens_at(publishing, out)) / WINDOW, 3) for at in before] == [1, 2]
    assert [round((at - opens_at(publishing, out)) / WINDOW, 3) for at in after] == [0, 1]


@pytest.mark.parametrize("end", ["late", "refused", "failed"])
def test_the_next_one_goes_out_at_once_when_it_is_the_turn_of_a_post_that_does_not(end, line, publishing, pass_time_to):
    _, first, second, third = line(if_late="hold" if end == "late" else None)
    publishing.pass_time(2 * HOUR)
    publishing.run()
    if end == "refused":
        publishing.tiktok.mischief("video_init", "status", status=403, code="privacy_level_option_mismatch")
    if end == "failed":
        publishing.tiktok.change_creator("ada", fail_reason="duration_check_failed")
    pass_time_to(first)
    publishing.run()
    publishing.pass_time(10)
    publishing.run()
    publishing.tiktok.change_creator("ada", fail_reason=None)

    publishing.run_until(lambda: publishing.shown(second)["state"] == "published", step=60)

    ended = publishing.shown(first)
    assert (ended["state"], ended["reason"]) in [
        ("held", "late"),
        ("failed", "privacy_level_option_mismatch"),
        ("failed", "duration_check_failed"),
    ]
    assert publishing.shown(third)["state"] == "held"
    times = [datetime.fromisoformat(publishing.shown(second)["published_at"]), next_try_of(publishing, third)]
    assert timedelta(hours=23) < times[1] - times[0] < timedelta(hours=25)


def test_a_post_in_line_cannot_be_deleted_and_keeps_its_place(line, publishing, owner):
    _, first, second, _ = line()
    before = next_try_of(publishing, second)

    assert owner.delete(f"/posts/{first['id']}").status_code == 409
    publishing.run()

    assert next_try_of(publishing, second) == before


def test_those_that_are_to_look_already_are_not_told_again(line, publishing, owner):
    _, *waiting = line()
    asked = [owner.post(f"/posts/{post['id']}/cancel").status_code for post in waiting[:2]]
    ran = publishing.run()

    assert asked == [200, 200]
    assert ran == 3, "two jobs that look for what waits, and the one that waits"
    [left] = [publishing.shown(post) for post in waiting[2:]]
    assert left["state"] == "held"


@pytest.mark.parametrize(("cap", "states"), [(15, ["published"] * 3), (1, ["published", "held", "held"])])
def test_a_day_after_a_refusal_tiktok_is_asked_again_and_what_it_takes_does_not_wait_for_days(
    cap, states, line, publishing
):
    out, *waiting = line()
    publishing.tiktok.knobs(post_cap=cap)
    publishing.pass_time(86_400 - 1_800)
    before = len(publishing.tiktok.requests(endpoint="creator_info"))

    for _ in range(40):
        publishing.pass_time(120)
        publishing.run()

    assert [publishing.shown(post)["state"] for post in waiting] == states
    assert len(publishing.tiktok.requests(endpoint="creator_info")) - before <= 5
    times = [next_try_of(publishing, post) for post in waiting if publishing.shown(post)["state"] == "held"]
    assert [round((at - opens_at(publishing, out)) / WINDOW) for at in times] == [1, 2][: len(times)]


class TestInbox:
    @pytest.fixture
    def waiting(self, publishing, make_inbox_post):
        """Five drafts in an inbox, and two that wait for a place."""
        posts = [make_inbox_post() for _ in range(7)]
        for post in posts[:5]:
            publishing.begin(post)
        publishing.run_until(
            lambda: {publishing.shown(post)["state"] for post in posts[:5]} == {"inbox_delivered"}, step=70
        )
        for post in posts[5:]:
            publishing.begin(post)
            publishing.run()
            publishing.pass_time(2)
        assert [publishing.shown(post)["reason"] for post in posts[5:]] == ["inbox_shares_pending"] * 2
        return posts

    @pytest.fixture
    def report(self, owner, client):
        """Have TikTok report that a person has posted a draft."""

        def send(publish_id):
            [account] = owner.get("/accounts").json["data"]
            body = event("post.publish.complete", account["open_id"], {"publish_id": publish_id})
            assert client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body)).status_code == 200

        return send

    @pytest.mark.parametrize("learnt_by", ["webhook", "poll"])
    def test_a_draft_that_its_person_has_posted_makes_room_for_the_next_one(
        self, learnt_by, waiting, publishing, report
    ):
        publish_id = publishing.shown(waiting[2])["publish_id"]
        publishing.tiktok.complete_draft("ada", publish_id, privacy_level="SELF_ONLY")

        if learnt_by == "webhook":
            report(publish_id)
        else:
            publishing.pass_time(HOUR + 60)
        publishing.run()

        assert publishing.shown(waiting[2])["state"] == "published"
        states = [publishing.shown(post)["state"] for post in waiting[5:]]
        assert states == ["processing", "held"]
        assert publishing.tiktok.creator("ada")["pending_shares"] == 5

    def test_a_post_that_is_live_makes_no_room_in_the_inbox_and_nothing_looks_again(self, waiting, publishing):
        [target] = waiting[0]["targets"]
        before = publishing.shown(waiting[5])["next_try_at"]
        live = publishing.make_post(targets=[{"account_id": target["account_id"]}])
        publishing.begin(live)

        publishing.run_until_published(live)

        assert publishing.shown(waiting[5])["next_try_at"] == before

    def test_a_draft_that_tiktok_refuses_makes_room_for_the_next_one(self, make_inbox_post, publishing):
        publishing.tiktok.knobs(processing_seconds=600.0)
        posts = [make_inbox_post() for _ in range(6)]
        for post in posts:
            publishing.begin(post)
            publishing.run()
            publishing.pass_time(15)
        publishing.run()
        before = publishing.shown(posts[5])
        publishing.tiktok.change_creator("ada", fail_reason="picture_size_check_failed")
        publishing.pass_time(560)
        publishing.run()
        publishing.tiktok.change_creator("ada", fail_reason=None)
        publishing.run()

        states = [publishing.shown(post)["state"] for post in posts]
        assert before["reason"] == "inbox_shares_pending"
        assert states[0] == "failed"
        assert states[5] == "processing"


class TestStuck:
    """An earlier post whose job fails again and again."""

    @pytest.fixture
    def stuck(self, app, plan, publishing, jobs_may_fail):
        """One that TikTok has refused and that is broken since, and one behind it."""
        posts = plan([60, 660])
        publishing.tiktok.knobs(post_cap=0)
        for seconds in (61, 600):
            publishing.pass_time(seconds)
            publishing.run()
        broken = UUID(publishing.shown(posts[0])["id"])
        with app.app_context(), transaction() as session:
            session.execute(update(Publication).where(Publication.id == broken).values(overrides=["caption"]))
        publishing.tiktok.knobs(post_cap=100)
        return posts

    def test_it_goes_first_for_an_hour_and_then_delays_those_behind_it_no_more(self, stuck, publishing):
        broken, behind = stuck
        for _ in range(8):
            publishing.pass_time(750)
            publishing.run()
        waited = publishing.shown(behind)["state"]

        publishing.run_until(lambda: publishing.shown(behind)["state"] == "published", step=120)

        assert waited == "held"
        assert publishing.shown(broken)["published_at"] is None

    def test_after_downtime_it_is_only_late_and_goes_first(self, plan, publishing):
        first, second = plan([60, 660])
        publishing.tiktok.knobs(post_cap=0)
        for seconds in (61, 600):
            publishing.pass_time(seconds)
            publishing.run()
        publishing.tiktok.knobs(post_cap=100)
        publishing.pass_time(10 * HOUR)

        publishing.run_until(lambda: publishing.shown(second)["state"] == "published", step=60)

        gone = [publishing.shown(post)["published_at"] for post in (first, second)]
        assert gone == sorted(gone)


@on_postgresql
def test_two_workers_that_skip_late_posts_of_one_account_at_once_do_not_wait_for_each_other(app, line, publishing):
    _, first, second, third = line(if_late="skip")
    with app.app_context():
        engine = db.engine
        with transaction() as session:
            session.execute(update(Post).where(Post.id == UUID(second["id"])).values(if_late="skip"))
    publishing.pass_time(2 * HOUR)
    with app.app_context(), transaction():
        enqueue_publication(UUID(publishing.shown(second)["id"]), clock.now())
    before, after, met = threading.Barrier(2, timeout=30), threading.Barrier(2, timeout=30), []

    def meet(at):
        def note(connection, cursor, statement, *_):
            is_skipping = structlog.contextvars.get_contextvars().get("kind") == PUBLISH
            me = (threading.get_ident(), at)
            if is_skipping and statement.startswith("INSERT INTO jobs") and me not in met:
                met.append(me)
                at.wait()

        return note

    with (
        listening(engine, "before_cursor_execute", meet(before)),
        listening(engine, "after_cursor_execute", meet(after)),
        ThreadPoolExecutor(2) as workers,
    ):
        for running in [workers.submit(publishing.run) for _ in range(2)]:
            running.result()

    assert len(met) == 4, "both have claimed their jobs before the first of them enqueues, and both have done it"
    assert {publishing.shown(post)["reason"] for post in (first, second)} == {"missed"}
    assert publishing.shown(third)["state"] == "held"

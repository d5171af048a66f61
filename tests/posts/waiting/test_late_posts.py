"""What could not go out in time: at most an hour late it goes out, later its person is asked, and never in a burst."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.databases import on_each_database
from tests.failing_database import failing_statements
from tests.posts.times import DAY, HOUR
from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.posts.models import PUBLISH

OWN_SPACING = 20 * 60


@pytest.fixture
def outages(app, simulator, connect_account, owner, pass_time, run_jobs):
    """What keeps a week of posts from their times, and what ends it."""

    def sleep(seconds):
        step = min(seconds / 4, 6 * HOUR)
        for _ in range(round(seconds / step)):
            run_jobs()
            pass_time(step)

    def lost_grant(seconds):
        simulator.control.disconnect("ada")
        sleep(seconds)
        connect_account(owner, "ada")

    def no_workers(seconds):
        pass_time(seconds)

    def cap(seconds):
        simulator.control.knobs(post_cap=0)
        sleep(seconds)
        simulator.control.knobs(post_cap=10_000)

    def tiktok_away(seconds):
        simulator.control.mischief("creator_info", "status", status=500, every=True)
        sleep(seconds)
        simulator.control.clear_mischief()

    return {"grant": lost_grant, "downtime": no_workers, "cap": cap, "breaker": tiktok_away}


def gaps(times):
    return [(late - early).total_seconds() for early, late in pairwise(times)]


@pytest.mark.parametrize("outage", ["grant", "downtime", "cap", "breaker"])
def test_a_week_of_posts_is_held_and_asked_about(outage, outages, plan, owner, publishing):
    posts = plan([DAY * number + 60 for number in range(7)])

    outages[outage](8 * DAY)
    for _ in range(3):
        publishing.run()
        publishing.pass_time(HOUR)

    assert publishing.count_inits() == 0
    for post in posts:
        held = publishing.shown(post)
        assert (held["state"], held["reason"], held["next_try_at"]) == ("held", "late", None)
        assert " late" in held["detail"]
        assert [entry["event"] for entry in held["timeline"]].count("held") <= 2


@pytest.mark.parametrize("outage", ["grant", "downtime", "breaker"])
def test_what_is_less_than_an_hour_late_goes_out_spaced_as_its_person_spaced_it(
    outage, outages, plan, publishing, inits
):
    posts = plan([60, 60 + OWN_SPACING])
    outages[outage](HOUR / 2)

    publishing.run_until(lambda: len(inits()) == 2, step=60, most=60)
    publishing.run()

    assert gaps(inits())[0] >= OWN_SPACING - 1
    assert {publishing.shown(post)["state"] for post in posts} <= {"processing", "published"}


@pytest.mark.parametrize(("own", "kept"), [(0, 300), (60, 300), (1800, 1800)])
@pytest.mark.parametrize("outage", ["grant", "downtime"])
def test_posts_that_go_out_however_late_they_are_keep_their_distances_within_bounds(
    own, kept, outage, outages, plan, publishing, inits
):
    plan([60 + own * number for number in range(3)], if_late="publish")
    outages[outage](2 * DAY)

    for _ in range(80):
        publishing.run()
        publishing.pass_time(60)

    assert len(inits()) == 3
    assert [round(gap / 60) for gap in gaps(inits())] == [kept // 60] * 2
    assert len(publishing.live()) == 3


def test_a_plan_of_one_a_week_holds_nothing_up_for_longer_than_a_day(plan, run_jobs, pass_time, inits):
    plan([60, 7 * DAY], if_late="publish")
    pass_time(9 * DAY)

    for _ in range(30):
        run_jobs()
        pass_time(HOUR)

    [gap] = gaps(inits())
    assert DAY - 1 <= gap <= DAY + HOUR


def test_posts_go_out_in_the_order_of_their_times(plan, run_jobs, pass_time, simulator, inits):
    plan([120], if_late="publish", caption="second")
    plan([60], if_late="publish", caption="first")
    plan([180], if_late="publish", caption="third")
    pass_time(2 * DAY)

    for _ in range(30):
        run_jobs()
        pass_time(60)

    said = [each["post_info"]["title"] for each in simulator.control.publications()]
    assert sorted(said) == ["first", "second", "third"]
    assert said in (["first", "second", "third"], ["third", "second", "first"])


def test_what_was_to_be_in_time_or_not_at_all_ends_as_missed(plan, publishing, owner, inits):
    [post] = plan([60], if_late="skip")
    publishing.pass_time(2 * HOUR)

    publishing.run()

    missed = publishing.shown(post)
    assert (missed["state"], missed["reason"]) == ("cancelled", "missed")
    assert owner.get(f"/posts/{post['id']}").json["status"] == "cancelled"
    assert inits() == []


@pytest.mark.parametrize(("policy", "state"), [("publish", "published"), ("hold", "held"), ("skip", "cancelled")])
@pytest.mark.parametrize("said_by", ["setting", "post"])
def test_the_post_decides_and_else_the_setting(
    policy, state, said_by, app, make_app, plan, publishing, replace_settings
):
    other = {"publish": "skip", "hold": "publish", "skip": "hold"}[policy]
    replace_settings(late_policy=policy if said_by == "setting" else other)
    [post] = plan([60], **({} if said_by == "setting" else {"if_late": policy}))
    publishing.pass_time(2 * HOUR)

    publishing.run_until(lambda: publishing.shown(post)["state"] == state)


def test_the_bound_is_a_setting(plan, pass_time, work_until, publication_of, replace_settings):
    replace_settings(late_after_seconds=3 * HOUR)
    [post] = plan([60])
    pass_time(2 * HOUR)

    work_until(lambda: publication_of(post)["state"] == "published")


def test_if_late_is_drafted_changed_and_shown(make_post, owner):
    post = make_post(if_late="skip")

    changed = owner.patch(f"/posts/{post['id']}", json={"if_late": "publish"}).json
    reset = owner.patch(f"/posts/{post['id']}", json={"if_late": None}).json
    refused = owner.patch(f"/posts/{post['id']}", json={"if_late": "perhaps"})

    assert (post["if_late"], changed["if_late"], reset["if_late"]) == ("skip", "publish", None)
    assert refused.status_code == 422
    assert owner.get("/posts").json["data"][0]["if_late"] is None


def test_its_person_may_publish_it_now_and_it_is_late_no_more(asked_about, owner, work_until_published, live_videos):
    response = owner.post(f"/posts/{asked_about['id']}/publish")

    assert response.status_code == 202
    work_until_published(asked_about)
    assert len(live_videos()) == 1


def test_what_has_failed_may_be_tried_again_hours_later_and_is_not_late(plan, publishing, owner):
    [post] = plan([60])
    publishing.tiktok.change_creator("ada", fail_reason="spam_risk")
    publishing.pass_time(61)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")
    publishing.tiktok.change_creator("ada", fail_reason=None)
    publishing.pass_time(5 * HOUR)

    assert owner.post(f"/posts/{post['id']}/retry").status_code == 202

    publishing.run_until_published(post)


def test_its_person_may_schedule_it_anew_and_change_it_then(asked_about, owner, app, publishing):
    with app.app_context():
        later = (clock.now() + timedelta(seconds=600)).isoformat()

    response = owner.post(f"/posts/{asked_about['id']}/schedule", json={"publish_at": later})
    publishing.run()

    assert (response.status_code, response.json["status"]) == (200, "scheduled")
    assert publishing.shown(asked_about)["state"] == "scheduled"
    assert owner.patch(f"/posts/{asked_about['id']}", json={"caption": "Anew"}).status_code == 200
    publishing.run_until_published(asked_about, step=60)


def test_its_person_may_cancel_it(asked_about, owner, run_jobs, pass_time, count_inits):
    response = owner.post(f"/posts/{asked_about['id']}/cancel")
    pass_time(DAY)
    run_jobs()

    assert response.json["post"]["status"] == "cancelled"
    assert count_inits() == 0


def test_being_asked_about_survives_reconnecting_and_costs_no_timeline(asked_about, owner, connect_account, publishing):
    before = publishing.shown(asked_about)["timeline"]

    for _ in range(3):
        connect_account(owner, "ada")
        publishing.run()
        publishing.pass_time(HOUR)

    assert publishing.shown(asked_about)["timeline"] == before
    assert publishing.count_inits() == 0


def test_a_target_that_is_late_is_moved_without_the_ones_that_are_out(publishing, owner, app):
    post = publishing.make_post(creators=("ada", "grace"))
    publishing.tiktok.change_creator("grace", post_cap=0)
    owner.post(f"/posts/{post['id']}/publish")

    def states():
        return [each["state"] for each in owner.get(f"/posts/{post['id']}").json["targets"]]

    publishing.run_until(lambda: states() == ["published", "held"])
    publishing.pass_time(3 * HOUR)
    publishing.tiktok.change_creator("grace", post_cap=None)
    publishing.run()
    assert owner.get(f"/posts/{post['id']}").json["targets"][1]["reason"] == "late"

    owner.post(f"/posts/{post['id']}/publish")
    publishing.run_until(lambda: states() == ["published", "published"])

    assert len(publishing.live()) == 2


def test_a_reason_that_still_stands_is_the_one_that_is_told(plan, simulator, run_jobs, pass_time, publication_of):
    [post] = plan([60])
    simulator.control.disconnect("ada")
    pass_time(90)
    run_jobs()

    for _ in range(5):
        pass_time(2 * HOUR)
        run_jobs()

    assert publication_of(post)["reason"] == "account_needs_reconnection"


def test_a_clock_that_jumps_forward_by_days_publishes_nothing_late(plan, pass_time, run_jobs, inits, publication_of):
    posts = plan([DAY, 2 * DAY, 3 * DAY])

    pass_time(10 * DAY)
    run_jobs()

    assert inits() == []
    assert {publication_of(post)["reason"] for post in posts} == {"late"}


def test_what_began_in_time_is_tried_again_although_its_upload_url_has_lapsed(publishing, big_video_bytes):
    publishing.tiktok.knobs(inspect_media=False)
    post = publishing.make_post(media_ids=[publishing.make_video(big_video_bytes)])
    publishing.tiktok.mischief("upload", "status", nth=2, times=8, status=500)
    publishing.begin(post)
    publishing.run()
    publishing.pass_time(HOUR + 120)
    publishing.tiktok.clear_mischief()

    published = publishing.run_until_published(post, step=60)

    assert [each["state"] for each in published["attempts"]] == ["dead", "succeeded"]
    assert len(publishing.live()) == 1


def test_accounts_do_not_wait_for_each_other(app, owner, publishing, connect_account):
    media_id = publishing.make_video()
    accounts = [connect_account(owner, creator) for creator in ("ada", "grace", "katherine")]
    publishing.run()
    with app.app_context():
        at = (clock.now() + timedelta(seconds=60)).isoformat()
    for account_id in accounts:
        publishing.make_post(media_ids=[media_id], targets=[{"account_id": account_id}], publish_at=at)
    publishing.pass_time(HOUR / 2)

    publishing.run()

    assert len(publishing.tiktok.requests(endpoint="video_init")) == 3


def test_what_is_late_on_one_account_holds_up_nothing_on_another(plan, run_jobs, pass_time, count_inits):
    plan([60, 80, 100, 140], creator="ada", if_late="publish")
    plan([60, 70, 90, 130], creator="grace", if_late="publish")
    pass_time(2 * DAY)

    counts = []
    for _ in range(4):
        run_jobs()
        counts.append(count_inits())
        pass_time(301)

    assert counts == [2, 4, 6, 8]


@on_each_database
def test_workers_together_release_one_at_a_time(plan, pass_time, run_jobs, inits):
    from concurrent.futures import ThreadPoolExecutor

    plan([60 + number for number in range(5)], if_late="publish")
    pass_time(2 * DAY)

    with ThreadPoolExecutor(4) as workers:
        for running in [workers.submit(run_jobs) for _ in range(4)]:
            running.result()

    assert len(inits()) == 1


def test_its_person_is_asked_about_a_late_post_once(plan, publishing, replace_settings, connect_account, owner):
    replace_settings(late_policy="hold")
    [post] = plan([60])
    publishing.pass_time(2 * HOUR)
    publishing.run()
    asked = publishing.shown(post)

    connect_account(owner, "ada")  # which has everything that is held looked at again
    publishing.run()

    assert (asked["state"], asked["reason"]) == ("held", "late")
    assert publishing.shown(post)["timeline"] == asked["timeline"]


def test_a_late_post_keeps_half_an_hour_behind_one_that_was_wanted_later(plan, publishing, inits):
    early, later = plan([60, HOUR], if_late="publish")
    publishing.tiktok.mischief("video_init", "status", status=403, code="spam_risk_too_many_posts")
    publishing.pass_time(61)
    publishing.run()
    held = publishing.shown(early)

    publishing.pass_time(HOUR - 60)
    publishing.run_until(lambda: publishing.shown(early)["state"] == "published", step=60, most=60)

    assert (held["state"], held["reason"]) == ("held", "spam_risk_too_many_posts")
    assert publishing.shown(later)["state"] == "published"
    _refused, *went_out = inits()
    assert len(went_out) == 2
    assert 1800 <= gaps(went_out)[0] <= 1900


def test_a_worker_that_asks_and_cannot_end_its_job_asks_no_second_time(plan, publishing, app, jobs_may_fail):
    [post] = plan([60])
    publishing.pass_time(5 * HOUR)
    with app.app_context():
        engine = db.engine
    with failing_statements(engine) as stumble:
        failed = stumble("DELETE FROM jobs", kind=PUBLISH)
        publishing.run()
    publishing.pass_time(60)
    publishing.run()

    assert len(failed) == 1
    publication = publishing.shown(post)
    assert (publication["state"], publication["reason"]) == ("held", "late")
    assert [entry["event"] for entry in publication["timeline"]].count("held") == 1

"""What TikTok reports of a post that is out, while something else happens to it, and where its list may not be read."""

import pytest

from tests.conftest import API
from tests.due_jobs import run_due_jobs
from tests.posts.interruptions import around_calls
from tests.webhooks.events import event, signed

TAKEN_DOWN, AVAILABLE = "post.publish.no_longer_publicaly_available", "post.publish.publicly_available"
COMPLETE = "post.publish.complete"
MAY_NOT_LIST = {"effect": "status", "status": 401, "code": "scope_not_authorized", "every": True}


@pytest.fixture
def visible(make_post, begin, work_until, publication_of):
    """A post that people can see."""
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")
    begin(post)
    work_until(lambda: publication_of(post)["state"] == "publicly_available")
    return post


@pytest.fixture
def nameless(simulator, make_post, begin, work_until_published, pass_time):
    """A public post whose id TikTok has not told, though its webhook will."""
    simulator.control.knobs(post_id_never=True)
    post = make_post(privacy_level="PUBLIC_TO_EVERYONE")
    begin(post)
    work_until_published(post)
    pass_time(60)
    return post


@pytest.fixture
def report(owner, client, publication_of, simulator):
    """Have TikTok report something of a post: `report(post, TAKEN_DOWN)`."""
    open_ids = {}

    def send(post, name, **differences):
        publication = publication_of(post)
        open_ids.setdefault(post["id"], owner.get("/accounts").json["data"][0]["open_id"])
        [post_id] = publication["tiktok_post_ids"] or simulator.control.publications()[0]["post_ids"] or ["76029975171"]
        body = event(
            name, open_ids[post["id"]], {"publish_id": publication["publish_id"], "post_id": post_id}, **differences
        )
        assert client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body)).status_code == 200

    return send


def test_a_report_of_a_private_post_that_is_out_makes_no_job_because_there_is_no_more_to_tell(publishing, report):
    post = publishing.make_post(privacy_level="SELF_ONLY")
    publishing.begin(post)
    publishing.run_until_published(post)
    publishing.tiktok.clear_requests()

    report(post, COMPLETE)

    assert publishing.run() == 1, "only the report itself is looked at"
    assert publishing.tiktok.requests() == []


def test_where_the_list_may_not_be_read_a_report_of_a_takedown_is_all_there_is(
    visible, report, simulator, run_jobs, publication_of
):
    simulator.control.mischief("video_query", **MAY_NOT_LIST)

    report(visible, TAKEN_DOWN)
    run_jobs()

    gone = publication_of(visible)
    assert (gone["state"], gone["reason"]) == ("no_longer_available", "reported_by_tiktok")


def test_without_leave_to_read_the_list_a_report_is_believed_and_nothing_is_asked(
    owner, publishing, connect_account, report
):
    account_id = connect_account(owner, "ada", ticked="user.info.basic,video.publish")
    post = publishing.make_post(privacy_level="PUBLIC_TO_EVERYONE", targets=[{"account_id": account_id}])
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "publicly_available")

    report(post, TAKEN_DOWN)
    publishing.run()

    gone = publishing.shown(post)
    assert (gone["state"], gone["reason"]) == ("no_longer_available", "reported_by_tiktok")
    assert publishing.tiktok.requests(endpoint="video_query") == []


def test_a_takedown_of_what_is_not_out_yet_is_not_believed(publishing, report):
    publishing.tiktok.knobs(processing_seconds=600)
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run()

    report(post, TAKEN_DOWN)
    publishing.run()

    assert publishing.shown(post)["state"] == "processing"


def test_two_reports_of_one_takedown_are_written_once(app, visible, report, publishing, transport):
    [post_id] = publishing.shown(visible)["tiktok_post_ids"]
    publishing.tiktok.take_down(post_id)
    report(visible, TAKEN_DOWN)
    report(visible, TAKEN_DOWN, create_time=1770210999)

    with around_calls(transport, 1, "after", lambda: run_due_jobs(app)) as other_worker:
        publishing.run()

    assert other_worker.result >= 1
    entries = [entry["event"] for entry in publishing.shown(visible)["timeline"]]
    assert entries.count("no_longer_available") == 1


def test_a_report_of_what_is_deleted_while_tiktok_is_asked_changes_nothing(
    visible, report, publishing, transport, owner
):
    [post_id] = publishing.shown(visible)["tiktok_post_ids"]
    publishing.tiktok.take_down(post_id)
    report(visible, TAKEN_DOWN)

    with around_calls(transport, 1, "after", lambda: owner.elsewhere().delete(f"/posts/{visible['id']}")) as deletion:
        publishing.run()

    assert deletion.result.status_code == 204


def test_where_the_list_may_not_be_read_a_reported_id_is_not_taken(
    nameless, report, simulator, run_jobs, publication_of
):
    simulator.control.mischief("video_query", **MAY_NOT_LIST)

    report(nameless, AVAILABLE)
    run_jobs()

    assert (publication_of(nameless)["state"], publication_of(nameless)["tiktok_post_ids"]) == ("published", [])


def test_an_id_that_is_known_already_is_not_asked_for(visible, report, simulator, run_jobs, publication_of):
    known = publication_of(visible)["tiktok_post_ids"]

    report(visible, AVAILABLE)
    run_jobs()

    assert publication_of(visible)["tiktok_post_ids"] == known
    assert simulator.control.requests(endpoint="video_query") == []


def disconnect(owner, post):
    return owner.delete(f"/accounts/{post['targets'][0]['account_id']}").status_code


def leave(owner, _post):
    return owner.delete("/auth/me").status_code


@pytest.mark.parametrize("act", [disconnect, leave])
def test_an_id_is_given_to_nothing_that_has_gone_while_tiktok_was_asked(
    act, nameless, report, publishing, transport, owner, client
):
    report(nameless, AVAILABLE)

    # The report also wakes the poll, whose call comes first.
    with around_calls(transport, 2, "after", lambda: act(owner, nameless)) as happening:
        publishing.run()

    assert happening.result in (200, 204)
    assert len(publishing.tiktok.requests(endpoint="video_query")) == 1
    if act is disconnect:
        [publication] = owner.get(f"/posts/{nameless['id']}/publications").json["data"]
        assert publication["tiktok_post_ids"] == []
    checks = client.get("/readyz").json["checks"]
    assert checks["jobs"]["dead"] == 0


def test_a_post_that_is_taken_down_while_its_id_is_asked_for_stays_taken_down(nameless, report, publishing, transport):
    publishing.run()
    publishing.tiktok.knobs(post_id_never=False)
    publishing.tiktok.mischief("video_query", **MAY_NOT_LIST)
    publishing.pass_time(60)

    def take_down():
        report(nameless, TAKEN_DOWN)
        return publishing.run()

    with around_calls(transport, 1, "after", take_down) as other_worker:
        publishing.run()

    assert other_worker.result == 1
    [told] = [each["post_ids"] for each in publishing.tiktok.publications()]
    assert len(told) == 1
    assert publishing.shown(nameless)["state"] == "no_longer_available"

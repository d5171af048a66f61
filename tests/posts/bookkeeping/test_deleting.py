"""A deleted post leaves its history in the audit trail, its attempts in the counts of its account, and TikTok as it is."""

import json
from uuid import UUID

import pytest

from tests.auth.audit_trail import trail
from tests.conftest import API
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tests.webhooks.events import event, signed
from tiktok_api.db import transaction
from tiktok_api.posts.models import Publication, TimelineEntry

PUBLIC = {"privacy_level": "PUBLIC_TO_EVERYONE"}


@pytest.fixture
def published(publishing):
    """A post that is live; returns it."""

    def make(**what_matters):
        post = publishing.make_post(**what_matters)
        publishing.begin(post)
        publishing.run_until_published(post)
        return post

    return make


def delete(owner, post):
    answer = owner.delete(f"/posts/{post['id']}")
    assert answer.status_code == 204, answer.json


def facts_of(owner, post):
    [entry] = trail(owner, f"?subject_id={post['id']}&action=post.deleted")
    return entry["detail"]


def used_today(owner, account_id):
    return sum(day["used"] for day in owner.get(f"/accounts/{account_id}/capacity").json["days"])


@on_each_database
def test_what_happened_to_its_publications_stays_in_the_audit_trail(owner, published, publishing):
    post = published(caption="These words are not in it")
    shown = publishing.shown(post)

    delete(owner, post)

    facts = facts_of(owner, post)
    [kept] = facts["publications"]
    for name in ("id", "account_id", "state", "publish_id", "tiktok_post_ids", "url", "published_at"):
        assert kept.get(name) == shown[name], name
    [attempt], [tried] = kept["attempts"], shown["attempts"]
    assert {name: tried[name] for name in attempt} == attempt
    assert {"number", "state", "publish_id", "log_id", "intended_at", "final_at", "ended_at"} <= attempt.keys()
    assert [each["event"] for each in kept["timeline"]] == [each["event"] for each in shown["timeline"]]
    assert "These words" not in json.dumps(facts)


def test_a_history_is_bounded_however_long_it_was(app, owner, published):
    post = published()
    [target] = post["targets"]
    with app.app_context(), transaction() as session:
        publication = session.get_one(Publication, UUID(target["publication_id"]))
        for number in range(200):
            session.add(TimelineEntry(publication_id=publication.id, state=publication.state, event=f"event {number}"))

    delete(owner, post)

    facts = facts_of(owner, post)
    [kept] = facts["publications"]
    assert (len(kept["timeline"]), kept["timeline"][-1]["event"]) == (20, "event 199")
    assert kept["left_out"]["timeline"] > 180
    assert len(json.dumps(facts)) < 8_000


def test_a_draft_without_targets_has_no_history(owner):
    post = owner.post("/posts", json={}).json

    delete(owner, post)

    assert facts_of(owner, post) == {}


def test_what_is_live_stays_live(owner, published, publishing):
    post = published()

    delete(owner, post)
    publishing.pass_time(3600)
    publishing.run()

    assert len(publishing.live()) == 1
    assert owner.get(f"/posts/{post['id']}").status_code == 404


@on_each_database
def test_deleting_gives_back_nothing_of_what_tiktok_counts(owner, published, publishing):
    post = published()
    account_id = post["targets"][0]["account_id"]
    before = used_today(owner, account_id)

    delete(owner, post)

    assert (before, used_today(owner, account_id)) == (1, 1)


@on_each_database
def test_deleted_posts_count_among_the_six_inits_of_a_minute(owner, publishing, simulator, connect_account):
    simulator.control.knobs(post_cap=10_000)
    shared = {"media_ids": [publishing.make_video()], "targets": [{"account_id": connect_account(owner, "ada")}]}
    publishing.run()
    posts = [publishing.make_post(**shared) for _ in range(6)]
    for post in posts:
        publishing.begin(post)
    publishing.run_until(
        lambda: {publishing.shown(post)["state"] for post in posts} <= {"published", "publicly_available"}, step=2.0
    )
    for post in posts:
        delete(owner, post)
    late = publishing.make_post(**shared)
    publishing.begin(late)

    publishing.run()

    refused = [entry for entry in simulator.control.requests(endpoint="video_init") if entry["status"] == 429]
    assert refused == []


def test_of_a_deleted_post_reports_of_tiktok_change_nothing(client, owner, published, run_jobs):
    post = published()
    publication = owner.get(f"/posts/{post['id']}/publications").json["data"][0]
    account = owner.get(f"/accounts/{publication['account_id']}").json
    delete(owner, post)

    for name in ("post.publish.complete", "post.publish.no_longer_publicaly_available"):
        body = event(
            name, account["open_id"], {"publish_id": publication["publish_id"], "post_id": "7602997517160123666"}
        )
        assert client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body)).status_code == 200
    run_jobs()

    assert owner.get(f"/posts/{post['id']}").status_code == 404


@pytest.mark.parametrize("state", ["preparing", "unconfirmed"])
def test_what_is_unfinished_cannot_be_deleted(state, owner, publishing, simulator):
    post = publishing.make_post()
    if state == "unconfirmed":
        simulator.control.knobs(processing_seconds=10**7)
    publishing.begin(post)
    if state == "unconfirmed":
        publishing.run_until(lambda: publishing.shown(post)["state"] == "unconfirmed", step=1800, most=60)

    assert_problem(owner.delete(f"/posts/{post['id']}"), 409, "post_in_progress")


@pytest.mark.parametrize("is_id_known", [True, False])
def test_the_video_of_a_deleted_post_is_not_taken_for_another_ones(
    is_id_known, owner, publishing, simulator, connect_account
):
    simulator.control.knobs(post_id_never=not is_id_known)
    shared = {"media_ids": [publishing.make_video()], "targets": [{"account_id": connect_account(owner, "ada")}]}
    publishing.run()
    first, second = (publishing.make_post(**PUBLIC, **shared) for _ in range(2))
    publishing.begin(first)
    publishing.run_until(lambda: publishing.shown(first)["state"] in ("published", "publicly_available"))
    if is_id_known:
        publishing.run_until(lambda: publishing.shown(first)["tiktok_post_ids"])
    simulator.control.knobs(post_id_never=True)
    publishing.begin(second)
    publishing.run_until_published(second)
    theirs = publishing.tiktok.publications()[0]["post_ids"]
    account_id = publishing.shown(second)["account_id"]
    delete(owner, first)

    publishing.pass_time(60)
    owner.post(f"/accounts/{account_id}/sync")
    publishing.run()

    assert set(publishing.shown(second)["tiktok_post_ids"]).isdisjoint(theirs)


def test_deleting_the_user_leaves_no_attempts(app, owner, published):
    delete(owner, published())
    published(creators=("grace",))
    before = attempts_in(app)

    answer = owner.delete("/auth/me")

    assert (before, answer.status_code < 300, attempts_in(app)) == (2, True, 0)


def test_what_no_account_counts_any_more_is_not_kept(app, owner, published):
    post = published()
    owner.delete(f"/accounts/{post['targets'][0]['account_id']}")

    delete(owner, post)

    assert attempts_in(app) == 0


def attempts_in(app):
    with app.app_context(), transaction() as session:
        return session.connection().exec_driver_sql("SELECT count(*) FROM attempts").scalar()

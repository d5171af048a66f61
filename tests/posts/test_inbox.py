"""Posts that the person finishes in the app."""

import pytest


@pytest.fixture
def delivered(make_inbox_post, begin, work_until, publication_of):
    """A draft that has reached its person's inbox."""
    post = make_inbox_post()
    begin(post)
    work_until(lambda: publication_of(post)["state"] == "inbox_delivered")
    return post


def test_reaching_the_inbox_is_not_being_published(delivered, publication_of, owner):
    publication = publication_of(delivered)

    assert publication["published_at"] is None
    assert publication["attempts"][0]["state"] == "succeeded"
    assert owner.get(f"/posts/{delivered['id']}").json["status"] == "delivered"
    assert [each["id"] for each in owner.get("/posts?status=delivered").json["data"]] == [delivered["id"]]
    assert owner.get("/posts?status=published").json["data"] == []


def test_a_draft_that_is_posted_for_friends_has_no_id_and_is_published(
    delivered, simulator, publication_of, work_until, owner
):
    simulator.control.complete_draft("ada", publication_of(delivered)["publish_id"], privacy_level="SELF_ONLY")

    work_until(lambda: publication_of(delivered)["state"] == "published", step=600)

    assert publication_of(delivered)["tiktok_post_ids"] == []
    assert owner.get(f"/posts/{delivered['id']}").json["status"] == "published"


def test_a_draft_that_is_posted_days_later_is_found_with_its_id(delivered, publishing):
    publishing.pass_time(3 * 86_400)
    publishing.run()
    [video] = publishing.tiktok.complete_draft("ada", publishing.shown(delivered)["publish_id"])

    publishing.run_until(lambda: publishing.shown(delivered)["state"] == "publicly_available", step=600)

    assert publishing.shown(delivered)["tiktok_post_ids"] == [video["id"]]


def test_a_draft_may_become_several_posts_one_after_the_other(
    delivered, simulator, publication_of, work_until, pass_time
):
    publish_id = publication_of(delivered)["publish_id"]
    first = simulator.control.complete_draft("ada", publish_id, posts=2)
    work_until(lambda: publication_of(delivered)["state"] == "publicly_available", step=600)

    pass_time(7200)
    later = simulator.control.complete_draft("ada", publish_id)
    work_until(lambda: len(publication_of(delivered)["tiktok_post_ids"]) == 3, step=600)

    assert publication_of(delivered)["tiktok_post_ids"] == [video["id"] for video in first + later]


def test_an_inbox_that_is_full_holds_the_next_draft(make_inbox_post, begin, run_jobs, publication_of, simulator):
    simulator.control.knobs(pending_share_cap=0)
    post = make_inbox_post()

    begin(post)
    run_jobs()

    held = publication_of(post)
    assert (held["state"], held["reason"]) == ("held", "spam_risk_too_many_pending_share")


def test_words_that_the_inbox_would_drop_silently_are_refused(make_post, owner):
    post = make_post(mode="inbox", privacy_level=None, caption="Dropped", allow_duet=True)

    response = owner.post(f"/posts/{post['id']}/publish")

    assert response.status_code == 422
    faults = {(fault["pointer"], fault["code"]) for fault in response.json["errors"]}
    assert faults == {("/caption", "ignored_in_inbox_mode"), ("/allow_duet", "ignored_in_inbox_mode")}


def test_a_draft_in_the_inbox_beside_one_that_its_person_posted_is_partly_published(
    make_inbox_post, begin, owner, simulator, work_until
):
    post = make_inbox_post(creators=("ada", "grace"))

    def states():
        return {each["state"] for each in owner.get(f"/posts/{post['id']}").json["targets"]}

    begin(post)
    work_until(lambda: states() == {"inbox_delivered"})
    assert owner.get(f"/posts/{post['id']}").json["status"] == "delivered"
    [ada, _] = owner.get(f"/posts/{post['id']}").json["targets"]
    simulator.control.complete_draft("ada", ada["publish_id"], privacy_level="SELF_ONLY")
    work_until(lambda: "published" in states(), step=600)

    assert owner.get(f"/posts/{post['id']}").json["status"] == "partly_published"


def test_cancelling_a_draft_in_the_inbox_says_that_it_was_delivered(delivered, owner):
    response = owner.post(f"/posts/{delivered['id']}/cancel")

    assert [target["outcome"] for target in response.json["targets"]] == ["too_late_delivered"]
    assert response.json["post"]["status"] == "delivered"


@pytest.mark.parametrize(("trouble", "counted"), [("refused", 2), ("lapsed", 2), ("failed", 1)])
def test_a_draft_whose_upload_was_given_up_counts_as_waiting_for_tiktok_and_so_for_us(
    trouble, counted, publishing, big_video_bytes, owner
):
    publishing.tiktok.knobs(inspect_media=False)
    media = {"media_ids": [publishing.make_video(big_video_bytes)]}
    post = publishing.make_post(mode="inbox", caption="", privacy_level=None, **media)
    if trouble == "failed":
        publishing.tiktok.change_creator("ada", fail_reason="internal")
    else:
        status, times = (403, 1) if trouble == "refused" else (500, 8)
        publishing.tiktok.mischief("upload", "status", nth=2, times=times, status=status, envelope=False)
    publishing.begin(post)
    publishing.run()
    publishing.pass_time(10 if trouble != "lapsed" else 3700)
    publishing.run()
    publishing.tiktok.clear_mischief()
    publishing.tiktok.change_creator("ada", fail_reason=None)

    publishing.run_until(lambda: publishing.shown(post)["state"] == "inbox_delivered", step=60)

    ended = [each["state"] for each in publishing.shown(post)["attempts"]]
    shown = owner.get(f"/accounts/{publishing.shown(post)['account_id']}/capacity").json["caps"]
    used = {cap["code"]: cap["used"] for cap in shown}
    assert ended == ["dead", "succeeded"]
    assert publishing.tiktok.creator("ada")["pending_shares"] == counted
    assert used["inbox_shares_pending"] == counted

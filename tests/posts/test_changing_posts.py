"""Showing, listing, changing and deleting posts."""

from datetime import datetime, timedelta

import pytest

from tiktok_api import clock

NEXT_YEAR = "2200-03-02T12:00:00Z"
MISSING = "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/schedule"),
        ("POST", "/publish"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("GET", "/publications"),
    ],
)
def test_a_strangers_post_a_missing_one_and_a_malformed_id_answer_alike(method, path, make_post, stranger):
    post = make_post()
    body = {"json": {"publish_at": NEXT_YEAR}} if path == "/schedule" else {"json": {}} if method == "PATCH" else {}

    answers = [stranger.open(f"/posts/{each}{path}", method=method, **body) for each in (post["id"], MISSING, "x")]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert {answer.json["code"] for answer in answers} == {"not_found"}
    assert len({answer.json["detail"] for answer in answers}) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/resolve")])
def test_a_strangers_publication_a_missing_one_and_a_malformed_id_answer_alike(
    method, path, make_post, publication_of, stranger
):
    publication = publication_of(make_post())
    body = {"json": {"outcome": "live"}} if path else {}
    ids = (publication["id"], MISSING, "x")

    answers = [stranger.open(f"/publications/{each}{path}", method=method, **body) for each in ids]

    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(404, "not_found")] * 3


def test_lists_are_replaced_as_a_whole(make_post, make_video, connect_account, owner):
    post = make_post(creators=("ada", "grace"))
    media_id = make_video()
    target = {"account_id": connect_account(owner, "katherine"), "caption": "Only here", "allow_duet": True}

    changed = owner.patch(f"/posts/{post['id']}", json={"media_ids": [media_id], "targets": [target]}).json

    assert changed["media_ids"] == [media_id]
    [only] = changed["targets"]
    assert (only["account_id"], only["overrides"]) == (
        target["account_id"],
        {"caption": "Only here", "allow_duet": True},
    )


def test_each_target_says_its_own_words(publishing, connect_account, owner):
    targets = [
        {"account_id": connect_account(owner, "ada")},
        {"account_id": connect_account(owner, "grace"), "caption": "For Grace", "allow_comment": True},
    ]
    post = publishing.make_post(targets=targets, caption="For all")

    publishing.begin(post)
    publishing.run_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    said = {each["username"]: each["post_info"] for each in publishing.tiktok.publications()}
    assert (said["ada"]["title"], said["ada"]["disable_comment"]) == ("For all", True)
    assert (said["grace"]["title"], said["grace"]["disable_comment"]) == ("For Grace", False)


def test_a_scheduled_post_must_stay_publishable(make_post, owner):
    post = make_post(publish_at=NEXT_YEAR)

    response = owner.patch(f"/posts/{post['id']}", json={"consent": False})

    assert response.status_code == 422
    assert owner.get(f"/posts/{post['id']}").json["consent"] is True


def test_a_scheduled_post_whose_time_has_just_come_can_still_be_changed(make_post, owner, app, pass_time, run_jobs):
    post = make_post()
    with app.app_context():
        moment = (clock.now() + timedelta(seconds=30)).isoformat()
    owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": moment})
    pass_time(600)

    response = owner.patch(f"/posts/{post['id']}", json={"caption": "At the last moment"})

    assert (response.status_code, response.json["status"]) == (200, "scheduled")


def test_an_instant_takes_the_place_of_a_local_time_even_where_both_are_the_same(make_post, owner):
    local = {"local_time": "2090-01-01T13:00", "timezone": "Europe/Berlin"}
    post = make_post(**local)
    path = f"/posts/{post['id']}"

    same = owner.patch(path, json=local)
    instant = owner.patch(path, json={"publish_at": "2090-01-01T12:00:00Z"})
    again = owner.patch(path, json={"publish_at": "2090-01-01T12:00:00Z"})

    assert (post["publish_at"], post["status"]) == ("2090-01-01T12:00:00Z", "scheduled")
    assert [{name: answer.json[name] for name in local} for answer in (same, instant)] == [local, dict.fromkeys(local)]
    assert instant.json["publish_at"] == post["publish_at"]
    assert same.headers["ETag"] != instant.headers["ETag"] == again.headers["ETag"]
    moments = [answer.json["updated_at"] for answer in (same, again)]
    assert moments == [post["updated_at"], instant.json["updated_at"]]


@pytest.mark.parametrize(
    ("action", "status"),
    [("draft", 204), ("scheduled", 204), ("cancelled", 204), ("publishing", 409), ("published", 204)],
)
def test_only_what_is_on_its_way_cannot_be_deleted(action, status, publishing, owner):
    post = publishing.make_post()
    if action in ("scheduled", "cancelled"):
        owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": NEXT_YEAR})
    if action == "cancelled":
        owner.post(f"/posts/{post['id']}/cancel")
    if action in ("publishing", "published"):
        publishing.begin(post)
    if action == "published":
        publishing.run_until_published(post)

    response = owner.delete(f"/posts/{post['id']}")

    assert response.status_code == status
    assert owner.get(f"/posts/{post['id']}").status_code == (404 if status == 204 else 200)


def test_posts_are_found_by_status_account_words_and_time(make_post, connect_account, owner):
    ada, grace = connect_account(owner, "ada"), connect_account(owner, "grace")
    shared = {"media_ids": make_post(targets=[{"account_id": ada}], caption="Harbour")["media_ids"]}
    soon = make_post(
        **shared, targets=[{"account_id": grace}], caption="Coffee 100%", publish_at="2200-01-01T00:00:00Z"
    )
    late = make_post(**shared, targets=[{"account_id": ada}], caption="coffee again", publish_at="2201-01-01T00:00:00Z")

    def found(**query):
        return [each["id"] for each in owner.get("/posts", query_string=query).json["data"]]

    assert found(status="scheduled") == [late["id"], soon["id"]]
    assert found(account_id=grace) == [soon["id"]]
    assert found(q="COFFEE") == [late["id"], soon["id"]]
    assert found(q="100%") == [soon["id"]]
    assert found(**{"from": "2200-06-01T00:00:00Z"}) == [late["id"]]
    assert found(to="2200-06-01T00:00:00Z") == [soon["id"]]
    assert len(found()) == 3


def test_a_failed_target_alone_is_tried_again(publishing, owner):
    post = publishing.make_post(creators=("ada", "grace"))
    publishing.tiktok.change_creator("grace", fail_reason="spam_risk_text")
    publishing.begin(post)
    publishing.run_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "partly_published")
    publishing.tiktok.change_creator("grace", fail_reason=None)

    response = owner.post(f"/posts/{post['id']}/retry")
    publishing.run_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    assert response.status_code == 202
    assert [target["state"] for target in response.json["targets"]] == ["published", "due"]
    assert len(publishing.live()) == 2
    assert owner.post(f"/posts/{post['id']}/retry").json["code"] == "nothing_to_retry"


def test_the_reasons_against_a_retry_point_at_the_target_in_the_post(make_post, owner, begin, work_until, simulator):
    post = make_post(creators=("ada", "grace"))
    simulator.control.change_creator("grace", fail_reason="spam_risk_text")
    begin(post)
    work_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "partly_published")
    owner.delete(f"/media/{post['media_ids'][0]}")

    response = owner.post(f"/posts/{post['id']}/retry")

    assert response.status_code == 422
    assert [fault["code"] for fault in response.json["errors"]] == ["media_count"]


def test_cancelling_answers_what_became_of_each_target(publishing, owner):
    post = publishing.make_post(creators=("ada", "grace", "katherine"))
    publishing.tiktok.change_creator("grace", post_cap=0)
    publishing.tiktok.change_creator("katherine", fail_reason="spam_risk_text")
    publishing.begin(post)
    settled = {"published", "failed", "held"}
    publishing.run_until(
        lambda: {each["state"] for each in owner.get(f"/posts/{post['id']}").json["targets"]} == settled
    )

    response = owner.post(f"/posts/{post['id']}/cancel")

    assert [target["outcome"] for target in response.json["targets"]] == [
        "too_late_published",
        "cancelled",
        "already_ended",
    ]
    assert response.json["post"]["status"] == "partly_published"


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_where_nothing_is_left_to_cancel_that_is_said(status, make_post, owner):
    post = make_post()
    if status == "cancelled":
        owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": NEXT_YEAR})
        owner.post(f"/posts/{post['id']}/cancel")

    response = owner.post(f"/posts/{post['id']}/cancel")

    assert (response.status_code, response.json["code"]) == (409, "nothing_to_cancel")


def test_only_an_unconfirmed_publication_is_settled_by_a_person(make_post, owner, publication_of):
    publication = publication_of(make_post())

    response = owner.post(f"/publications/{publication['id']}/resolve", json={"outcome": "live"})

    assert (response.status_code, response.json["code"]) == (409, "publication_not_unconfirmed")


@pytest.mark.parametrize("step", [29.0, 5.0])
def test_a_post_is_never_early_and_out_within_thirty_seconds_of_its_time(step, app, publishing, owner):
    post = publishing.make_post()
    with app.app_context():
        due = clock.now() + timedelta(seconds=600)
    owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": due.isoformat()})

    while not (inits := publishing.tiktok.requests(endpoint="video_init")):
        publishing.run()
        publishing.pass_time(step)

    lateness = (datetime.fromisoformat(inits[0]["at"]) - due).total_seconds()
    assert -0.5 <= lateness <= 30

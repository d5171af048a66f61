"""A copy of a post is a draft of the same, for which its person agrees and chooses a time anew."""

from uuid import UUID

from sqlalchemy import update

from tests.auth.audit_trail import trail
from tests.web.problems import assert_problem
from tiktok_api.db import db, new_id, transaction
from tiktok_api.posts.models import Post

NOT_COPIED = {
    *("id", "status", "consent", "consented_at", "consented_by", "publish_at", "local_time", "timezone", "external_id"),
    *("targets", "created_at", "updated_at"),
}


def copy_of(owner, post):
    answer = owner.post(f"/posts/{post['id']}/duplicate")
    assert answer.status_code == 201, answer.json
    return answer.json


def test_content_media_targets_and_labels_are_copied_but_time_consent_and_external_id_are_not(owner, make_post):
    post = make_post(
        allow_comment=True, if_late="skip", labels=["a", "b"], external_id="cms-1", publish_at="2099-01-01T00:00:00Z"
    )
    [target] = post["targets"]
    owner.patch(f"/posts/{post['id']}", json={"targets": [{"account_id": target["account_id"], "caption": "Other"}]})
    post = owner.get(f"/posts/{post['id']}").json

    made = copy_of(owner, post)

    copy = made["post"]
    assert made["left_out"] == []
    assert {name: value for name, value in copy.items() if name not in NOT_COPIED} == {
        name: value for name, value in post.items() if name not in NOT_COPIED
    }
    nothing = [copy[name] for name in ("consented_at", "consented_by", "publish_at", "timezone", "external_id")]
    assert (copy["status"], copy["consent"], nothing) == ("draft", False, [None] * 5)
    assert [(each["account_id"], each["overrides"], each["state"]) for each in copy["targets"]] == [
        (target["account_id"], {"caption": "Other"}, "draft")
    ]
    assert owner.get(f"/posts/{copy['id']}").json == copy
    assert [each["id"] for each in owner.get("/posts?label=a").json["data"]] == [copy["id"], post["id"]]


def test_a_published_post_can_be_copied_and_published_again_once_its_person_agrees(owner, publishing):
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run_until_published(post)

    copy = copy_of(owner, post)["post"]
    without_consent = owner.post(f"/posts/{copy['id']}/publish")
    owner.patch(f"/posts/{copy['id']}", json={"consent": True})
    publishing.begin(copy)
    publishing.run_until_published(copy)

    assert_problem(without_consent, 422, "not_publishable")
    assert len(publishing.live()) == 2


def test_what_was_deleted_or_disconnected_since_is_left_out_and_named(owner, make_post, connect_account):
    post = make_post(creators=("ada", "grace"), publish_at="2099-01-01T00:00:00Z")
    ada, grace = (target["account_id"] for target in post["targets"])
    owner.delete(f"/accounts/{ada}")
    owner.post(f"/posts/{post['id']}/cancel")
    assert owner.delete(f"/media/{post['media_ids'][0]}").status_code == 204

    made = copy_of(owner, post)

    assert made["post"]["media_ids"] == []
    assert [target["account_id"] for target in made["post"]["targets"]] == [grace]
    assert [(each["pointer"], each["code"]) for each in made["left_out"]] == [
        ("/media_ids", "media_deleted"),
        ("/targets/0/account_id", "account_disconnected"),
    ]


def test_an_empty_draft_can_be_copied(owner):
    post = owner.post("/posts", json={}).json

    made = copy_of(owner, post)

    assert (made["post"]["status"], made["left_out"]) == ("draft", [])


def test_a_key_makes_one_copy_and_the_trail_names_the_original(owner, make_post):
    post = make_post()

    answers = [owner.post(f"/posts/{post['id']}/duplicate", headers={"Idempotency-Key": "copy"}).json for _ in range(2)]

    assert answers[0] == answers[1]
    [entry] = trail(owner, "?action=post.duplicated")
    assert (entry["subject_id"], entry["detail"]) == (answers[0]["post"]["id"], {"original_id": post["id"]})


def test_a_copy_belongs_to_no_recurrence_and_no_queue_and_its_consent_is_by_no_person(app, owner, make_post):
    post = make_post()
    origin = {"recurrence_id": new_id(), "queued_account_id": new_id()}
    with app.app_context(), transaction() as session:
        session.execute(update(Post).where(Post.id == UUID(post["id"])).values(**origin))

    copy = copy_of(owner, post)["post"]

    with app.app_context():
        stored = db.session.get(Post, UUID(copy["id"]))
        shown = (stored.recurrence_id, stored.queued_account_id, stored.consented_by, stored.consented_with_key)
    assert shown == (None, None, None, None)

"""Posts that show media which are still arriving or being inspected: held to the checks as soon as they are known."""

import base64
from datetime import timedelta

import pytest

from tests.databases import on_each_database
from tests.media import sample_media
from tests.posts.times import NEXT_YEAR
from tiktok_api import clock

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def begin_upload(owner):
    """Announce a file by tus; nothing of it has come."""

    def begin(length):
        name = base64.b64encode(b"a.mp4").decode()
        headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": f"filename {name}"}
        response = owner.post("/media/uploads", headers=headers)
        assert response.status_code == 201, response.json
        return response.headers["Location"].rpartition("/")[2]

    return begin


@pytest.fixture
def append(owner):
    def patch(media_id, content, offset=0):
        headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return owner.patch(f"/media/uploads/{media_id}", data=content, headers=headers)

    return patch


BAD = {
    "no video": (lambda: b"no video at all", "media_rejected"),
    "too small": (lambda: sample_media.video(width=128, height=128), "video_width"),
    "a photo": (lambda: sample_media.photo("JPEG"), "media_kind"),
}


@pytest.mark.parametrize("mode", ["direct", "inbox"])
@pytest.mark.parametrize("kind", BAD)
def test_a_scheduled_post_fails_at_once_when_its_media_do(kind, mode, send, draft, publishing, owner):
    make, reason = BAD[kind]
    words = {} if mode == "direct" else {"mode": "inbox", "privacy_level": None}
    post = draft(send(make()), publish_at=NEXT_YEAR, **words)
    assert post["status"] == "scheduled"

    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", reason)
    assert failed["detail"]
    assert failed["timeline"][-1]["event"] == "media_failed_checks"
    assert owner.get(f"/posts/{post['id']}").json["status"] == "failed"


def test_a_scheduled_post_whose_media_are_fine_stays_scheduled_and_goes_out(send, draft, publishing, app, video_bytes):
    with app.app_context():
        at = (clock.now() + timedelta(seconds=300)).isoformat()
    post = draft(send(video_bytes), publish_at=at)

    publishing.run()

    assert publishing.shown(post)["state"] == "scheduled"
    publishing.run_until_published(post, step=60)


@pytest.mark.parametrize("way", ["publish", "schedule for now", "create for now"])
def test_what_is_due_waits_for_the_checks(way, send, draft, owner, app, publishing, video_bytes, hold_media):
    with app.app_context():
        now = clock.now().isoformat()
    media_id = send(video_bytes)
    hold_media(True)
    post = draft(media_id, **({"publish_at": now} if way == "create for now" else {}))
    if way != "create for now":
        act, body = ("publish", {}) if way == "publish" else ("schedule", {"json": {"publish_at": now}})
        assert owner.post(f"/posts/{post['id']}/{act}", **body).status_code in (200, 202)
    jobs = publishing.run()

    waiting = publishing.shown(post)
    assert (waiting["state"], waiting["reason"]) == ("preparing", "media_inspecting")
    assert waiting["next_try_at"]
    assert jobs <= 3  # it does not go round and round
    hold_media(False)
    publishing.run_until_published(post)
    assert len(publishing.live()) == 1


def test_inspections_that_never_end_fail_what_is_due_with_the_reason(
    send, draft, owner, publishing, video_bytes, hold_media
):
    media_id = send(video_bytes)
    hold_media(True)
    post = draft(media_id)
    owner.post(f"/posts/{post['id']}/publish")
    publishing.run()

    publishing.pass_time(1900)
    jobs = publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_inspecting")
    assert "30 minutes" in failed["detail"]
    assert jobs < 20
    hold_media(False)
    publishing.run()
    assert owner.post(f"/posts/{post['id']}/retry").status_code == 202
    assert publishing.live() == []


@on_each_database
def test_a_post_may_be_published_while_its_media_still_arrive(
    begin_upload, append, draft, owner, publishing, video_bytes
):
    media_id, half = begin_upload(len(video_bytes)), len(video_bytes) // 2
    append(media_id, video_bytes[:half])
    post = draft(media_id)
    assert owner.post(f"/posts/{post['id']}/publish").status_code == 202
    publishing.run()
    waiting = publishing.shown(post)

    append(media_id, video_bytes[half:], offset=half)
    publishing.run_until_published(post)

    assert (waiting["state"], waiting["reason"]) == ("preparing", "media_uploading")
    assert len(publishing.live()) == 1


def test_an_upload_that_is_never_finished_fails_the_post_when_it_lapses(
    begin_upload, append, draft, publishing, video_bytes, owner
):
    media_id = begin_upload(len(video_bytes))
    post = draft(media_id, publish_at=NEXT_YEAR)
    publishing.pass_time(80_000)
    append(media_id, video_bytes[:10])
    publishing.run()
    publishing.pass_time(80_000)
    publishing.run()
    assert publishing.shown(post)["state"] == "scheduled"

    publishing.pass_time(7_000)
    publishing.run()

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "media_upload_expired")
    assert owner.get(f"/posts/{post['id']}/publications").json["data"][0]["timeline"][-1]["detail"]
    assert owner.delete(f"/media/{media_id}").status_code == 204


def test_media_that_a_scheduled_post_waits_for_cannot_be_deleted(begin_upload, send, draft, owner, video_bytes):
    arriving, inspecting = begin_upload(len(video_bytes)), send(video_bytes)
    posts = [draft(media_id, publish_at=NEXT_YEAR) for media_id in (arriving, inspecting)]

    answers = [
        owner.delete(f"/media/{arriving}"),
        owner.delete(f"/media/{inspecting}"),
        owner.delete(f"/media/uploads/{arriving}", headers=TUS),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    for post in posts:
        owner.post(f"/posts/{post['id']}/cancel")
    assert owner.delete(f"/media/{inspecting}").status_code == 204


def test_media_that_are_changed_before_they_are_known_do_not_count(send, draft, publishing, owner, hold_media):
    good, bad = publishing.make_video(), send(b"no video at all")
    hold_media(True)
    post = draft(bad, publish_at=NEXT_YEAR)
    assert owner.patch(f"/posts/{post['id']}", json={"media_ids": [good]}).status_code == 200

    hold_media(False)
    publishing.run()

    assert publishing.shown(post)["state"] == "scheduled"


def test_a_scheduled_post_is_given_media_that_are_still_inspected(send, make_post, owner, run_jobs, publication_of):
    post = make_post(publish_at=NEXT_YEAR)

    response = owner.patch(f"/posts/{post['id']}", json={"media_ids": [send(b"no video at all")]})
    run_jobs()

    assert response.status_code == 200
    assert publication_of(post)["reason"] == "media_rejected"


def test_media_that_are_known_to_be_a_duplicate_wake_the_post_too(send, draft, publishing, owner, video_bytes):
    publishing.make_video(video_bytes)
    response = owner.post(
        "/media",
        data=sample_media.multipart(sample_media.part("file", video_bytes)),
        content_type=sample_media.MULTIPART,
    )
    post = draft(response.json["id"])

    owner.post(f"/posts/{post['id']}/publish")

    publishing.run_until_published(post)


def test_every_target_is_told(send, draft, owner, connect_account, run_jobs, account_id):
    targets = [{"account_id": account_id}, {"account_id": connect_account(owner, "grace")}]
    post = draft(send(b"no video at all"), targets=targets, publish_at=NEXT_YEAR)

    run_jobs()

    states = [(each["state"], each["reason"]) for each in owner.get(f"/posts/{post['id']}").json["targets"]]
    assert states == [("failed", "media_rejected")] * 2


def test_drafts_are_left_alone(send, draft, run_jobs, publication_of, owner):
    post = draft(send(b"no video at all"))

    run_jobs()

    assert publication_of(post)["state"] == "draft"
    response = owner.post(f"/posts/{post['id']}/publish")
    assert [fault["code"] for fault in response.json["errors"]] == ["media_not_ready"]


def test_media_that_are_rejected_when_the_post_is_due_already_are_never_sent(app, send, draft, publishing):
    with app.app_context():
        at = (clock.now() + timedelta(seconds=300)).isoformat()
    post = draft(send(sample_media.video(width=128, height=128)), publish_at=at)
    publishing.pass_time(310)

    publishing.run()  # the publication is older work than the checks, which are known a moment before it

    failed = publishing.shown(post)
    assert (failed["state"], failed["reason"]) == ("failed", "video_width")
    assert publishing.count_inits() == 0


@pytest.mark.parametrize(("method", "path", "status"), [("DELETE", "", 204), ("POST", "/cancel", 200)])
def test_a_post_that_is_given_up_meanwhile_is_held_to_nothing(
    method, path, status, send, draft, owner, publishing, client
):
    post = draft(send(b"no video at all"), publish_at=NEXT_YEAR)

    response = owner.open(f"/posts/{post['id']}{path}", method=method)
    publishing.run()

    assert response.status_code == status
    after = owner.get(f"/posts/{post['id']}")
    assert (after.status_code, after.json.get("code", after.json["status"])) in [(404, "not_found"), (200, "cancelled")]
    assert client.get("/readyz").json["checks"]["jobs"]["dead"] == 0
    assert publishing.count_inits() == 0

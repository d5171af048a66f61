"""POST /posts/{id}/publish"""

import hashlib

from tests.media import sample_media


def test_a_post_goes_live_once_with_the_bytes_that_were_uploaded(owner, make_post, work_until, simulator, video_bytes):
    post = make_post()

    response = owner.post(f"/posts/{post['id']}/publish")
    work_until(lambda: owner.get(f"/posts/{post['id']}").json["status"] == "published")

    assert response.status_code == 202
    [live] = simulator.control.publications()
    assert live["sha256"] == hashlib.sha256(video_bytes).hexdigest()
    [publication] = owner.get(f"/posts/{post['id']}/publications").json["data"]
    assert publication["state"] == "published"
    assert [attempt["state"] for attempt in publication["attempts"]] == ["succeeded"]


def test_tiktok_is_asked_for_each_thing_once(simulator, make_post, begin, run_jobs):
    post = make_post()
    simulator.control.clear_requests()

    begin(post)
    run_jobs()

    assert [entry["endpoint"] for entry in simulator.control.requests()] == ["creator_info", "video_init", "upload"]


def test_of_several_posts_the_one_that_is_published_is_this_one_with_its_own_video(owner, publishing):
    contents = [sample_media.video(), sample_media.video(seconds=2), sample_media.video(seconds=3)]
    posts = [publishing.make_post(media_ids=[publishing.make_video(contents[0])])]
    rest = {"targets": [{"account_id": publishing.shown(posts[0])["account_id"]}]}
    posts += [publishing.make_post(media_ids=[publishing.make_video(content)], **rest) for content in contents[1:]]

    publishing.begin(posts[1])
    publishing.run_until_published(posts[1])

    assert [owner.get(f"/posts/{post['id']}").json["status"] for post in posts] == ["draft", "published", "draft"]
    [live] = publishing.tiktok.publications()
    assert live["sha256"] == hashlib.sha256(contents[1]).hexdigest()


def test_its_timeline_tells_each_step_once(publishing, big_video_bytes):
    publishing.tiktok.knobs(inspect_media=False, processing_seconds=100.0)
    publishing.tiktok.mischief("upload", "status", nth=3, status=500)  # so that TikTok is asked, and it is gone on with
    post = publishing.make_post(media_ids=[publishing.make_video(big_video_bytes)])

    publishing.begin(post)
    published = publishing.run_until_published(post)

    steps = [(entry["event"], entry["state"]) for entry in published["timeline"]]
    assert steps == [
        ("publish_now", "due"),
        ("preparing", "preparing"),
        ("upload_started", "uploading"),
        ("last_chunk_leaving", "processing"),
        ("published", "published"),
    ]
    [attempt] = published["attempts"]
    assert attempt["intended_at"] <= attempt["opened_at"] <= attempt["final_at"] <= attempt["ended_at"]
    assert attempt["uploaded_bytes"] == attempt["video_size"] == len(big_video_bytes)
    sent = [entry["status"] for entry in publishing.tiktok.requests(endpoint="upload")]
    assert sent == [206, 206, 500, 206, 206, 206, 201], "each of six chunks once, and again what did not get through"


def test_a_draft_without_accounts_has_no_publications(owner):
    draft = owner.post("/posts", json={}).json

    assert owner.get(f"/posts/{draft['id']}/publications").json["data"] == []

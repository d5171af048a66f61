"""Which post on TikTok it became: told by TikTok, or found by evidence where TikTok never tells, and never a wrong URL."""

from datetime import datetime, timedelta

import pytest

from tests.conftest import API
from tests.oauth_consent import connect
from tests.posts.interruptions import around_calls
from tests.webhooks.events import event, signed

PUBLIC = {"privacy_level": "PUBLIC_TO_EVERYONE"}
EVERYTHING_BUT_THE_NAME = "user.info.basic,user.info.stats,video.list,video.upload,video.publish"


@pytest.fixture
def silent(simulator):
    """A TikTok that never names a post in a status."""
    simulator.control.knobs(post_id_never=True)


def test_an_id_that_tiktok_tells_is_tiktoks(publish, work_until, publication_of, simulator):
    post = publish()
    work_until(lambda: publication_of(post)["tiktok_post_ids"])

    publication = publication_of(post)
    assert publication["post_id_source"] == "tiktok"
    assert publication["url"] == f"https://www.tiktok.com/@ada/video/{publication['tiktok_post_ids'][0]}"


def test_without_the_name_there_is_no_url(simulator, owner, publish, publishing):
    account_id = connect(simulator, owner, "ada", ticked=EVERYTHING_BUT_THE_NAME)["account_id"]
    publishing.run()
    post = publish(targets=[{"account_id": account_id}])
    publishing.run_until(lambda: publishing.shown(post)["tiktok_post_ids"])

    assert publishing.shown(post)["url"] is None
    assert owner.get(f"/posts/{post['id']}").json["targets"][0]["url"] is None


def test_an_id_that_tiktok_never_tells_is_found_in_the_list(silent, publish, read_list, publishing, owner):
    post = publish()
    before = publishing.shown(post)

    read_list(post)

    found = publishing.shown(post)
    assert (before["tiktok_post_ids"], before["post_id_source"]) == ([], None)
    assert (found["state"], found["post_id_source"]) == ("publicly_available", "matched")
    assert found["tiktok_post_ids"] == publishing.tiktok.publications()[0]["post_ids"]
    assert found["url"].endswith(found["tiktok_post_ids"][0])
    assert owner.get(f"/posts/{post['id']}").json["targets"][0]["post_id_source"] == "matched"


def test_without_a_caption_time_and_length_are_no_evidence(silent, publish, read_list, publication_of):
    post = publish(caption="")

    read_list(post)

    assert (publication_of(post)["tiktok_post_ids"], publication_of(post)["post_id_source"]) == ([], None)


def test_of_two_that_are_alike_neither_is_taken(silent, publishing, connect_account, owner, read_list):
    shared = {"media_ids": [publishing.make_video()], "targets": [{"account_id": connect_account(owner, "ada")}]}
    publishing.run()
    posts = [publishing.make_post(**PUBLIC, **shared) for _ in range(2)]
    for post in posts:
        publishing.begin(post)
    publishing.run_until(lambda: {publishing.shown(post)["state"] for post in posts} == {"published"})

    read_list(posts[0])

    assert [publishing.shown(post)["tiktok_post_ids"] for post in posts] == [[], []]


@pytest.mark.parametrize(("apart", "is_taken"), [(0, False), (-7200, True)], ids=["just then", "two hours before"])
def test_a_video_just_like_it_that_its_person_posted_by_hand_leaves_it_open(
    apart, is_taken, silent, publish, read_list, publishing
):
    post = publish()
    [post_id] = publishing.tiktok.publications()[0]["post_ids"]
    [ours] = [each for each in publishing.tiktok.live("ada", everything=True) if each["id"] == post_id]
    at = (datetime.fromisoformat(ours["created_at"]) + timedelta(seconds=apart)).isoformat()
    publishing.tiktok.seed_videos("ada", created_at=at, title=ours["title"], duration=ours["duration"])

    read_list(post)

    assert publishing.shown(post)["tiktok_post_ids"] == ([post_id] if is_taken else [])


@pytest.mark.parametrize(
    "difference", [{"title": "Other words"}, {"duration": 60}], ids=["another caption", "another length"]
)
def test_what_does_not_fit_is_not_taken(difference, silent, publish, publishing, read_list):
    post = publish()
    [video_id] = publishing.tiktok.publications()[0]["post_ids"]
    publishing.tiktok.change_video(video_id, **difference)

    read_list(post)

    assert (publishing.shown(post)["state"], publishing.shown(post)["tiktok_post_ids"]) == ("published", [])


def test_what_only_its_creator_may_see_is_not_looked_for(silent, publish, publication_of, simulator, read_list):
    post = publish(privacy_level="SELF_ONLY")

    read_list(post)

    assert publication_of(post)["post_id_source"] is None


def test_tiktoks_own_word_replaces_what_was_found(silent, publish, read_list, publishing):
    post = publish()
    read_list(post)
    assert publishing.shown(post)["post_id_source"] == "matched"

    publishing.tiktok.knobs(post_id_never=False)
    publishing.run_until(lambda: publishing.shown(post)["post_id_source"] == "tiktok", step=600)

    assert len(publishing.shown(post)["tiktok_post_ids"]) == 1


def test_an_id_that_is_found_while_tiktok_is_asked_for_it_does_not_end_the_asking(
    silent, publish, read_list, publishing, transport
):
    post = publish()
    publishing.pass_time(60)

    with around_calls(transport, 1, "before", lambda: read_list(post)) as finding:
        publishing.run()

    assert finding.has_happened
    assert publishing.shown(post)["post_id_source"] == "matched"
    publishing.tiktok.knobs(post_id_never=False)
    publishing.run_until(lambda: publishing.shown(post)["post_id_source"] == "tiktok", step=600)


@pytest.mark.parametrize("is_theirs", [True, False])
def test_an_id_that_a_webhook_names_is_taken_once_tiktok_knows_it_as_the_accounts(
    is_theirs, silent, publish, publishing, owner, client
):
    post = publish()
    publishing.pass_time(60)
    publication = publishing.shown(post)
    [video_id] = publishing.tiktok.publications()[0]["post_ids"]
    named = video_id if is_theirs else "7602997517160123666"
    open_id = owner.get("/accounts").json["data"][0]["open_id"]
    content = {"publish_id": publication["publish_id"], "post_id": named, "publish_type": "DIRECT_PUBLISH"}
    body = event("post.publish.publicly_available", open_id, content)

    client.post(f"{API}/webhooks/tiktok", data=body, headers=signed(body))
    publishing.run()

    after = publishing.shown(post)
    assert (after["tiktok_post_ids"], after["post_id_source"]) == (([named], "webhook") if is_theirs else ([], None))

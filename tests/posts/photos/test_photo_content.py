"""What a photo post may say, and what TikTok would not use of it."""

import pytest


def faults(response):
    assert response.status_code == 422, response.json
    return {(fault["pointer"], fault["code"]) for fault in response.json["errors"]}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"caption": "x", "allow_duet": True},
            {("/caption", "ignored_for_photo"), ("/allow_duet", "ignored_for_photo")},
        ),
        ({"video_cover_timestamp_ms": 0}, {("/video_cover_timestamp_ms", "ignored_for_photo")}),
        ({"title": "x" * 91}, {("/title", "title_too_long")}),
        ({"description": "🎉" * 2001}, {("/description", "description_too_long")}),
        ({"photo_cover_index": 3}, {("/photo_cover_index", "cover_not_shown")}),
        ({"media_ids": []}, {("/media_ids", "media_count")}),
    ],
    ids=lambda said: " ".join(sorted(said)) if isinstance(said, dict) else "",
)
def test_what_tiktok_would_refuse_or_drop_is_refused_with_its_place(make_photo_post, owner, said, expected):
    post = make_photo_post(**said)

    response = owner.post(f"/posts/{post['id']}/publish")

    assert faults(response) == expected


def test_in_inbox_mode_photos_have_words_and_a_cover_and_nothing_else(make_photo_post, owner):
    post = make_photo_post(mode="inbox", privacy_level=None, photo_cover_index=2, auto_add_music=True, is_aigc=True)

    response = owner.post(f"/posts/{post['id']}/publish")

    ignored = {("/auto_add_music", "ignored_in_inbox_mode"), ("/is_aigc", "ignored_in_inbox_mode")}
    assert faults(response) == ignored


def test_a_video_post_has_neither_title_nor_music(make_post, owner):
    post = make_post(title="A title", auto_add_music=True)

    response = owner.post(f"/posts/{post['id']}/publish")

    assert faults(response) == {("/title", "ignored_for_video"), ("/auto_add_music", "ignored_for_video")}


def test_a_cover_of_a_target_is_told_there_and_that_of_the_post_once(make_photo_post, owner, connect_account):
    accounts = [connect_account(owner, creator) for creator in ("ada", "grace", "margaret")]
    targets = [{"account_id": each} for each in accounts]
    targets[1]["photo_cover_index"] = 5
    post = make_photo_post(photo_cover_index=4, targets=targets)

    response = owner.post(f"/posts/{post['id']}/publish")

    assert faults(response) == {
        ("/photo_cover_index", "cover_not_shown"),
        ("/targets/1/photo_cover_index", "cover_not_shown"),
    }


def test_the_defaults_of_an_account_fill_what_photos_have(owner, connect_account, make_photo_post):
    account_id = connect_account(owner, "ada")
    defaults = {"allow_comment": True, "allow_duet": True, "auto_add_music": True}
    owner.patch(f"/accounts/{account_id}", json={"defaults": defaults})

    post = make_photo_post(targets=[{"account_id": account_id}])

    assert post["targets"][0]["overrides"] == {"allow_comment": True, "auto_add_music": True}


class TestWithoutHttps:
    @pytest.fixture
    def settings(self):
        return {"tiktok_allow_http": False}

    def test_photos_are_held_where_tiktok_cannot_fetch_them(self, make_photo_post, publishing):
        post = make_photo_post()

        publishing.begin(post)
        publishing.run()

        held = publishing.shown(post)
        assert (held["state"], held["reason"]) == ("held", "public_url_not_https")
        assert "http://127.0.0.1:8080" in held["detail"]

"""Sections 6 to 8 and 11: the three inits, caps, audit and sandbox."""

import re

import pytest

from tests.simulator import footage
from tests.simulator.driving import Account, chunks, code_of, pulled, whole
from tiktok_api.simulator import CommandRefused

GUIDELINES = "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/"
URL_RULES = (
    "Please review our URL ownership verification rules at "
    "https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide/#pull_from_url"
)
UNLIMITED = {"video_init": 0, "inbox_init": 0, "photo_init": 0, "status": 0, "creator_info": 0}


@pytest.fixture
def knobs():
    return {"limits": UNLIMITED}


def test_6_a_file_upload_begins_with_an_id_and_a_url(client, ada):
    data = ada.init(whole(1_000)).json()["data"]

    assert data.keys() == {"publish_id", "upload_url"}
    assert re.fullmatch(r"v_pub_file~v2-1\.\d{19}", data["publish_id"])
    assert len(data["publish_id"]) <= 64
    assert data["upload_url"].startswith(client.tiktok.url)
    assert len(data["upload_url"]) <= 256


@pytest.mark.parametrize(
    ("begin", "form", "keys"),
    [
        pytest.param(
            lambda a: a.init(pulled("https://media.example/v.mp4")),
            r"v_pub_url~v2(-1)?\.\d{19}",
            {"publish_id"},
            id="6-url",
        ),
        pytest.param(
            lambda a: a.init_inbox(whole(9)), r"v_inbox_file~v2\.\d{19}", {"publish_id", "upload_url"}, id="7-file"
        ),
        pytest.param(
            lambda a: a.init_inbox(pulled("https://media.example/v.mp4")),
            r"v_inbox_url~v2\.\d{19}",
            {"publish_id"},
            id="7-url",
        ),
        pytest.param(
            lambda a: a.init_photos("https://media.example/a.jpg"),
            r"p_pub_url~v2\.\d{19}",
            {"publish_id"},
            id="8-direct",
        ),
        pytest.param(
            lambda a: a.init_photos("https://media.example/a.jpg", mode="MEDIA_UPLOAD", post_info={}),
            r"p_pub_url~v2\.\d{19}",
            {"publish_id"},
            id="8-draft",
        ),
    ],
)
def test_publish_ids_have_the_prefix_of_their_kind(ada, begin, form, keys):
    data = begin(ada).json()["data"]

    assert data.keys() == keys
    assert re.fullmatch(form, data["publish_id"])


@pytest.mark.parametrize(
    ("post_info", "answer"),
    [
        pytest.param({"title": "x" * 2200}, (200, "ok"), id="6-caption-2200"),
        pytest.param({"title": "x" * 2201}, (400, "invalid_params"), id="6-caption-2201"),
        pytest.param({"title": "🎉" * 1100}, (200, "ok"), id="6-caption-utf16-1100-emoji"),
        pytest.param({"title": "🎉" * 1100 + "x"}, (400, "invalid_params"), id="6-caption-utf16-2201"),
        pytest.param({"title": "👨‍👩‍👧" * 275}, (200, "ok"), id="6-caption-family-is-8"),
        pytest.param({"title": "👨‍👩‍👧" * 276}, (400, "invalid_params"), id="6-caption-family-over"),
        pytest.param({"title": None}, (200, "ok"), id="6-no-caption"),
        pytest.param({"title": 7}, (400, "invalid_params"), id="6-caption-type"),
        pytest.param({"disable_duet": "yes"}, (400, "invalid_params"), id="6-bool-type"),
        pytest.param({"privacy_level": None}, (403, "privacy_level_option_mismatch"), id="6-privacy-missing"),
        pytest.param(
            {"privacy_level": "FOLLOWER_OF_CREATOR"}, (403, "privacy_level_option_mismatch"), id="6-not-an-option"
        ),
        pytest.param({"privacy_level": "PRIVATE"}, (403, "privacy_level_option_mismatch"), id="13-not-in-the-enum"),
        pytest.param({"privacy_level": "MUTUAL_FOLLOW_FRIENDS"}, (200, "ok"), id="6-friends"),
        pytest.param({"privacy_level": "SELF_ONLY"}, (200, "ok"), id="6-self"),
        pytest.param({"video_cover_timestamp_ms": -5}, (200, "ok"), id="6-invalid-cover-is-no-error"),
        pytest.param({"brand_content_toggle": True, "brand_organic_toggle": True}, (200, "ok"), id="6-brands"),
        pytest.param(
            {"brand_content_toggle": True, "privacy_level": "SELF_ONLY"}, (200, "ok"), id="13-branded-self-only"
        ),
        pytest.param({"is_aigc": True, "disable_comment": True, "disable_stitch": False}, (200, "ok"), id="6-toggles"),
    ],
)
def test_post_info_of_a_video(ada, post_info, answer):
    assert code_of(ada.init(whole(1_000), **post_info)) == answer


def test_13_branded_self_only_refused_on_request(client, ada):
    client.control.knobs(branded_self_only="refuse")

    answer = ada.init(whole(9), brand_content_toggle=True, privacy_level="SELF_ONLY")

    assert code_of(answer) == (400, "invalid_params")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param({}, None, id="6-no-source"),
        pytest.param({"source": "CARRIER_PIGEON"}, None, id="6-unknown-source"),
        pytest.param(whole(0), "The video size is invalid", id="9.1-empty"),
        pytest.param(whole((4 << 30) + 1), "The video size is invalid", id="9.5-over-4-GB"),
        pytest.param({**whole(9), "video_size": "9"}, None, id="6-size-type"),
        pytest.param({"source": "PULL_FROM_URL"}, None, id="6-no-url"),
        pytest.param(pulled("http://media.example.org:99999/v.mp4"), None, id="9.3-malformed"),
        pytest.param(pulled("https://203.0.113.9/v.mp4"), None, id="9.3-address"),
        pytest.param(pulled("https://media/v.mp4"), None, id="9.3-no-domain"),
        pytest.param(pulled("ftp://media.example/v.mp4"), None, id="9.3-ftp"),
    ],
)
def test_a_source_that_cannot_be(ada, source, message):
    for answer in (ada.init(source), ada.init_inbox(source)):
        assert code_of(answer) == (400, "invalid_params")
        assert message in (None, answer.json()["error"]["message"])


@pytest.mark.parametrize("url", ["http://media.example/v.mp4", "http://127.0.0.1:1/v.mp4", "https://127.0.0.1/v.mp4"])
def test_9_3_pulls_are_https_from_a_domain_unless_the_knob_says_otherwise(client, ada, url):
    client.control.knobs(allow_http=False)

    assert code_of(ada.init(pulled(url))) == (400, "invalid_params")


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        pytest.param("https://media.example/any/v.mp4", True, id="9.3-domain"),
        pytest.param("https://cdn.media.example/v.mp4", True, id="9.3-sub-domain"),
        pytest.param("https://evilmedia.example/v.mp4", False, id="9.3-look-alike"),
        pytest.param("https://example/v.mp4".replace("//", "//www."), False, id="9.3-parent"),
        pytest.param("https://files.example.org/ours/v.mp4", True, id="9.3-prefix"),
        pytest.param("https://files.example.org/ours/v.mp4?sig=1", True, id="9.3-prefix-query"),
        pytest.param("https://files.example.org/theirs/v.mp4", False, id="9.3-beside-prefix"),
        pytest.param("https://sub.files.example.org/ours/v.mp4", False, id="9.3-prefix-no-sub-domain"),
    ],
)
def test_ownership_of_urls(client, ada, url, owned):
    client.control.change_app(client.client_key, verified_prefixes=["https://files.example.org/ours/"])

    answers = [ada.init(pulled(url)), ada.init_inbox(pulled(url)), ada.init_photos(url)]

    for answer in answers:
        assert code_of(answer) == ((200, "ok") if owned else (403, "url_ownership_unverified"))
        assert answer.json()["error"]["message"] == ("" if owned else URL_RULES)


def test_9_3_a_prefix_is_registered_with_its_slash(client):
    with pytest.raises(CommandRefused, match="slash"):
        client.control.change_app(client.client_key, verified_prefixes=["https://files.example.org/ours"])


def test_9_3_a_prefix_is_verified_by_its_file(client, ada, host):
    client.control.knobs(loopback_verified=False)
    prefix = f"{host.url}/ours/"
    file = client.control.property_file(client.client_key, prefix)
    with pytest.raises(CommandRefused, match="does not contain"):
        client.control.verify_property(client.client_key, prefix)
    before = ada.init(pulled(f"{prefix}v.mp4"))
    host.host(file["url"].removeprefix(host.url), file["content"].encode() + b"\n")
    client.control.verify_property(client.client_key, prefix)

    assert re.fullmatch(rf"{prefix}tiktok\w+\.txt", file["url"])
    assert file["content"].startswith("tiktok-developers-site-verification=")
    assert code_of(before) == (403, "url_ownership_unverified")
    assert code_of(ada.init(pulled(f"{prefix}v.mp4"))) == (200, "ok")
    with pytest.raises(CommandRefused, match="slash"):
        client.control.property_file(client.client_key, prefix.rstrip("/"))


def test_16_a_refused_init_leaves_no_publish_id(client, ada):
    for source in ({}, pulled("https://unverified.example/v.mp4")):
        ada.init(source)

    assert client.control.publications() == []


def test_16_the_order_of_checks(client):
    client.control.knobs(limits={"video_init": 1})
    client.control.freeze()
    client.control.change_creator("ada", banned=True)
    client.control.change_app(client.client_key, audited=False)
    account = client.connect("ada")

    def refused(source, **post_info):
        client.control.advance(61)
        return code_of(account.init(source, **post_info))[1]

    nowhere = pulled("https://unverified.example/v.mp4")
    assert refused(nowhere, title="x" * 2201) == "invalid_params"
    assert refused(nowhere) == "url_ownership_unverified"
    assert code_of(account.init({}))[1] == "rate_limit_exceeded"
    assert refused(whole(9)) == "spam_risk_user_banned_from_posting"
    client.control.change_creator("ada", banned=False)
    assert refused(whole(9), privacy_level="NONE") == "unaudited_client_can_only_post_to_private_accounts"
    client.control.change_app(client.client_key, audited=True)
    assert refused(whole(9), privacy_level="NONE") == "privacy_level_option_mismatch"


LATER = [
    pytest.param(lambda account, source, info: account.init(source, **info), True, id="16-video"),
    pytest.param(lambda account, source, info: account.init_inbox(source), False, id="16-inbox"),
]


@pytest.mark.parametrize(("begin", "is_direct"), LATER)
def test_everything_wrong_at_once_is_told_in_order(client, begin, is_direct):
    """Each time the first thing wrong is mended, the next one is told."""
    control, app = client.control, client.client_key
    control.freeze()
    control.change_creator("ada", banned=True, post_cap=0)
    control.change_app(app, audited=False)
    control.knobs(limits={"video_init": 1, "inbox_init": 1}, unaudited_user_cap=0, pending_share_cap=0)
    powerless, account = client.connect("ada", scopes="user.info.basic"), client.connect("ada")
    wrong = {"title": "x" * 2201, "privacy_level": "NONE"}
    fit = {"title": "x", "privacy_level": "NONE"}
    cut, foreign, ours = (
        chunks(9_000_000, 5_000_000, 2),
        pulled("https://else.example/v"),
        pulled("https://media.example/v"),
    )

    def told(source, info, who=account):
        answer = begin(who, source, info)
        control.advance(61)
        status, code = code_of(answer)
        return status, answer.json()["error"]["message"] if code == "invalid_params" else code

    assert told(cut, wrong, Account(client, "ada", {"access_token": "act.dead"})) == (401, "access_token_invalid")
    assert told(cut, wrong, powerless) == (401, "scope_not_authorized")
    begin(account, cut, wrong)
    assert told(cut, wrong) == (429, "rate_limit_exceeded")
    if is_direct:
        assert told(cut, wrong) == (400, "title is longer than 2200")
    assert told(cut, fit) == (400, "The total chunk count is invalid")
    assert told(foreign, fit) == (403, "url_ownership_unverified")
    assert told(ours, fit) == (403, "spam_risk_user_banned_from_posting")
    control.change_creator("ada", banned=False)
    if is_direct:
        assert told(ours, fit) == (403, "spam_risk_too_many_posts")
        control.change_creator("ada", post_cap=None)
        assert told(ours, fit) == (403, "reached_active_user_cap")
        control.knobs(unaudited_user_cap=5)
        assert told(ours, fit) == (403, "unaudited_client_can_only_post_to_private_accounts")
        control.change_app(app, audited=True)
        assert told(ours, fit) == (403, "privacy_level_option_mismatch")
        fit["privacy_level"] = "SELF_ONLY"
    else:
        assert told(ours, fit) == (403, "spam_risk_too_many_pending_share")
        control.knobs(pending_share_cap=1)
    assert control.publications() == []
    assert told(ours, fit) == (200, "ok")
    assert len(control.publications()) == 1


def test_16_the_order_of_checks_of_a_photo_post(client):
    control = client.control
    control.knobs(limits={"photo_init": 0})
    control.change_creator("ada", banned=True, app_version="31.7")
    control.change_app(client.client_key, audited=False)
    ada = client.connect("ada")
    foreign, ours = "https://else.example/a.jpg", "https://media.example/a.jpg"
    wrong = {"title": "x" * 91}

    def told(url, **change):
        return code_of(ada.init_photos(url, **change))[1]

    assert told(foreign, media_type="VIDEO", post_info=wrong) == "invalid_params"
    assert told(foreign, post_info=wrong) == "invalid_params"
    assert told("http://10.0.0.1/a.jpg", post_info={}) == "invalid_params"
    assert told(foreign, post_info={}) == "url_ownership_unverified"
    assert told(ours, mode="MEDIA_UPLOAD", post_info={}) == "app_version_check_failed"
    assert told(ours, post_info={}) == "spam_risk_user_banned_from_posting"
    control.change_creator("ada", banned=False)
    assert told(ours, post_info={}) == "unaudited_client_can_only_post_to_private_accounts"
    control.change_app(client.client_key, audited=True)
    assert told(ours, post_info={}) == "privacy_level_option_mismatch"
    assert control.publications() == []


def test_6_a_ban_refuses_every_init_with_the_generic_message(client, ada):
    client.control.change_creator("ada", banned=True)

    answers = [ada.init(whole(9)), ada.init_inbox(whole(9)), ada.init_photos("https://media.example/a.jpg")]

    assert {code_of(answer) for answer in answers} == {(403, "spam_risk_user_banned_from_posting")}
    assert answers[0].json()["error"]["message"] == GUIDELINES


def test_7_an_inbox_init_ignores_post_info_and_privacy(client, ada):
    body = {"source_info": whole(9), "post_info": {"title": "x" * 9_999, "privacy_level": "NONSENSE"}}

    answer = ada.post("/post/publish/inbox/video/init/", body)

    assert code_of(answer) == (200, "ok")


def test_7_inbox_needs_video_upload_and_direct_needs_video_publish(client):
    uploader = client.connect("ada", scopes="user.info.basic,video.upload")
    publisher = client.connect("grace", scopes="user.info.basic,video.publish")
    photo = "https://media.example/a.jpg"

    assert code_of(uploader.init(whole(9))) == (401, "scope_not_authorized")
    assert code_of(uploader.creator_info()) == (401, "scope_not_authorized")
    assert code_of(uploader.init_photos(photo)) == (401, "scope_not_authorized")
    assert code_of(uploader.init_photos(photo, mode="MEDIA_UPLOAD")) == (200, "ok")
    assert code_of(publisher.init_inbox(whole(9))) == (401, "scope_not_authorized")
    assert code_of(publisher.init_photos(photo, mode="MEDIA_UPLOAD")) == (401, "scope_not_authorized")
    drafted = uploader.init_inbox(whole(9)).json()["data"]["publish_id"]
    published = publisher.init(whole(9)).json()["data"]["publish_id"]
    assert (uploader.fetch(drafted).status_code, publisher.fetch(published).status_code) == (200, 200)


def test_7_at_most_five_pending_shares_in_24_hours(client, ada):
    begun = [ada.publish(inbox=True) for _ in range(5)]
    refused = ada.init_inbox(whole(9))
    photos = ada.init_photos("https://media.example/a.jpg", mode="MEDIA_UPLOAD")
    client.control.advance(60)
    client.control.complete_draft("ada", begun[0])
    freed = ada.init_inbox(whole(9))
    full = ada.init_inbox(whole(9))
    client.control.advance(86_400)
    next_day = client.connect("ada").init_inbox(whole(9))

    assert code_of(refused) == code_of(photos) == code_of(full) == (403, "spam_risk_too_many_pending_share")
    assert code_of(freed) == code_of(next_day) == (200, "ok")


def test_7_pending_shares_as_one_practitioner_measured_them(client, ada):
    client.control.knobs(pending_share_rule="held", pending_share_cap=6)
    begun = [ada.publish(inbox=True) for _ in range(6)]
    client.control.advance(3 * 86_400)

    again = client.connect("ada")
    assert code_of(again.init_inbox(whole(9))) == (403, "spam_risk_too_many_pending_share")
    client.control.complete_draft("ada", begun[0])
    assert code_of(again.init_inbox(whole(9))) == (200, "ok")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        pytest.param({"media_type": "VIDEO"}, (400, "invalid_params"), id="8-media-type"),
        pytest.param({"media_type": None}, (400, "invalid_params"), id="8-media-type-missing"),
        pytest.param({"post_mode": "DIRECT POST"}, (400, "invalid_params"), id="8-post-mode-with-space"),
        pytest.param({"post_info": {"title": "x" * 90, "privacy_level": "SELF_ONLY"}}, (200, "ok"), id="8-title-90"),
        pytest.param(
            {"post_info": {"title": "x" * 91, "privacy_level": "SELF_ONLY"}}, (400, "invalid_params"), id="8-title-91"
        ),
        pytest.param(
            {"post_info": {"description": "🎉" * 2000, "privacy_level": "SELF_ONLY"}},
            (200, "ok"),
            id="8-description-4000",
        ),
        pytest.param(
            {"post_info": {"description": "🎉" * 2000 + "x", "privacy_level": "SELF_ONLY"}},
            (400, "invalid_params"),
            id="8-description-4001",
        ),
        pytest.param({"post_info": {}}, (403, "privacy_level_option_mismatch"), id="8-privacy-required"),
        pytest.param(
            {"post_info": {"auto_add_music": 1, "privacy_level": "SELF_ONLY"}},
            (400, "invalid_params"),
            id="8-bool-type",
        ),
        pytest.param({"is_aigc": True}, (200, "ok"), id="8-aigc-top-level"),
        pytest.param({"is_aigc": "yes"}, (400, "invalid_params"), id="8-aigc-type"),
    ],
)
def test_photo_posts(ada, change, answer):
    assert code_of(ada.init_photos("https://media.example/a.jpg", **change)) == answer


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        pytest.param({"photo_images": []}, (400, "invalid_params"), id="8-none"),
        pytest.param({"photo_images": ["https://media.example/a.jpg"] * 35}, (200, "ok"), id="8-35"),
        pytest.param({"photo_images": ["https://media.example/a.jpg"] * 36}, (400, "invalid_params"), id="8-36"),
        pytest.param(
            {"photo_images": ["https://media.example/a.jpg"] * 2, "photo_cover_index": 1},
            (200, "ok"),
            id="8-cover-last",
        ),
        pytest.param(
            {"photo_images": ["https://media.example/a.jpg"], "photo_cover_index": 1},
            (400, "invalid_params"),
            id="8-cover-out",
        ),
        pytest.param({"photo_cover_index": None}, (200, "ok"), id="8-cover-missing"),
        pytest.param({"source": "FILE_UPLOAD"}, (400, "invalid_params"), id="8-no-file-upload"),
        pytest.param({"photo_images": [7]}, (400, "invalid_params"), id="8-url-type"),
    ],
)
def test_photo_sources(ada, source, answer):
    info = {
        "source": "PULL_FROM_URL",
        "photo_cover_index": 0,
        "photo_images": ["https://media.example/a.jpg"],
        **source,
    }

    assert code_of(ada.init_photos(source_info=info)) == answer


def test_8_photo_drafts_need_tiktok_31_8(client):
    client.control.change_creator("newcomer", app_version="31.7.9")
    account = client.connect("newcomer")
    old = account.init_photos("https://media.example/a.jpg", mode="MEDIA_UPLOAD")
    direct = account.init_photos("https://media.example/a.jpg")
    client.control.change_creator("newcomer", app_version="31.8.0")
    new = account.init_photos("https://media.example/a.jpg", mode="MEDIA_UPLOAD")

    assert [code_of(each) for each in (old, direct, new)] == [
        (400, "app_version_check_failed"),
        (200, "ok"),
        (200, "ok"),
    ]


def test_8_aigc_is_taken_at_either_place(client, ada):
    for answer in (
        ada.init_photos("https://media.example/a.jpg", is_aigc=True),
        ada.init_photos("https://media.example/a.jpg", post_info={"privacy_level": "SELF_ONLY", "is_aigc": True}),
    ):
        assert client.control.publication(answer.json()["data"]["publish_id"])["is_aigc"] is True


def test_11_unaudited_apps_post_to_private_accounts_only_and_for_self_only(client):
    client.control.change_app(client.client_key, audited=False)
    public, private = client.connect("ada"), client.connect("linus")

    refused = public.init(whole(9), privacy_level="SELF_ONLY")
    wide = private.init(whole(9), privacy_level="FOLLOWER_OF_CREATOR")
    client.control.knobs(unaudited_visibility_code="privacy_level_option_mismatch")
    mismatch = private.init(whole(9), privacy_level="FOLLOWER_OF_CREATOR")

    assert code_of(refused) == code_of(wide) == (403, "unaudited_client_can_only_post_to_private_accounts")
    assert refused.json()["error"]["message"] == GUIDELINES
    assert code_of(mismatch) == (403, "privacy_level_option_mismatch")
    assert code_of(private.init(whole(9), privacy_level="SELF_ONLY")) == (200, "ok")
    assert code_of(public.init_inbox(whole(9))) == (200, "ok")


def test_11_a_sandbox_has_ten_target_users_and_posts_nothing_publicly(client):
    client.control.change_app(client.client_key, sandbox=True, sandbox_targets=["ada", "linus"])

    public = client.connect("ada").init(whole(9))
    private = client.connect("linus").init(whole(9), privacy_level="SELF_ONLY")

    assert code_of(public) == (403, "unaudited_client_can_only_post_to_private_accounts")
    assert code_of(private) == (200, "ok")
    with pytest.raises(CommandRefused, match="at most 10"):
        client.control.change_app(client.client_key, sandbox_targets=[f"target{n}" for n in range(11)])


def test_11_unaudited_apps_have_five_posting_users_in_24_hours(client):
    client.control.change_app(client.client_key, audited=False)
    accounts = []
    for number in range(6):
        client.control.add_creator(f"private{number}", private=True)
        accounts.append(client.connect(f"private{number}"))

    first = [code_of(account.init(whole(9), privacy_level="SELF_ONLY")) for account in accounts]
    again = accounts[0].init(whole(9), privacy_level="SELF_ONLY")
    told = accounts[5].creator_info()
    client.control.advance(86_401)
    next_day = client.connect("private5").init(whole(9), privacy_level="SELF_ONLY")

    assert first == [(200, "ok")] * 5 + [(403, "reached_active_user_cap")]
    assert code_of(again) == code_of(next_day) == (200, "ok")
    assert code_of(told) == (200, "reached_active_user_cap")


def test_11_audited_apps_have_the_cap_of_their_form_and_drafts_are_outside_it(client):
    client.control.change_app(client.client_key, active_user_cap=1)
    ada, grace = client.connect("ada"), client.connect("grace")
    ada.init(whole(9))

    assert code_of(grace.init(whole(9))) == (403, "reached_active_user_cap")
    assert code_of(grace.init_inbox(whole(9))) == (200, "ok")


def test_11_fifteen_posts_per_creator_in_24_hours_over_all_apps(client, web_client, ada):
    elsewhere = web_client.connect("ada")
    for account in (ada, elsewhere):
        for _ in range(7):
            account.publish()
    client.control.advance(60)
    ada.publish()

    refused, told = elsewhere.init(whole(9)), ada.creator_info()
    draft, other = ada.init_inbox(whole(9)), client.connect("grace").init(whole(9))
    client.control.advance(86_401)

    assert code_of(refused) == (403, "spam_risk_too_many_posts")
    assert refused.json()["error"]["message"] == GUIDELINES
    assert code_of(told) == (200, "spam_risk_too_many_posts")
    assert code_of(draft) == code_of(other) == (200, "ok")
    assert code_of(client.connect("ada").init(whole(9))) == (200, "ok")


def test_11_more_inits_than_the_cap_fail_when_they_come_through(client, ada):
    client.control.change_creator("ada", post_cap=1)
    media = footage.video()
    begun = [ada.init(whole(len(media))).json()["data"] for _ in range(2)]
    for data in begun:
        ada.put(data["upload_url"], media)
    client.control.advance(60)

    states = [ada.status(data["publish_id"]) for data in begun]
    assert states[0]["status"] == "PUBLISH_COMPLETE"
    assert states[1] == {"status": "FAILED", "fail_reason": "spam_risk_too_many_posts"}


def test_11_an_init_without_bytes_uses_up_no_post(client, ada):
    client.control.change_creator("ada", post_cap=1)

    assert [code_of(ada.init(whole(9))) for _ in range(3)] == [(200, "ok")] * 3

"""What a new post starts from: the defaults of the accounts it goes out on, visible as overrides of its targets."""

import pytest

DEFAULTS = {"allow_comment": True, "allow_duet": True, "is_aigc": True}


@pytest.fixture
def make_account(owner, connect_account):
    """An account with defaults: `make_account("ada", allow_comment=True)` returns its id."""

    def make(creator, **defaults):
        account_id = connect_account(owner, creator)
        response = owner.patch(f"/accounts/{account_id}", json={"defaults": defaults})
        assert response.status_code == 200, response.json
        return account_id

    return make


@pytest.fixture
def draft(owner):
    """A new post without media: `draft(*account_ids_or_targets, caption="…")`."""

    def create(*targets, **what_matters):
        named = [each if isinstance(each, dict) else {"account_id": each} for each in targets]
        response = owner.post("/posts", json={"targets": named} | what_matters)
        assert response.status_code == 201, response.json
        return response.json

    return create


def overrides(post):
    return [target["overrides"] for target in post["targets"]]


def test_each_target_starts_from_the_defaults_of_its_account(make_account, draft, owner):
    post = draft(make_account("ada", **DEFAULTS), make_account("grace", allow_stitch=True))

    assert overrides(post) == [DEFAULTS, {"allow_stitch": True}]
    assert overrides(owner.get(f"/posts/{post['id']}").json) == overrides(post)
    assert (post["allow_comment"], post["allow_stitch"], post["privacy_level"]) == (False, False, None)


def test_what_the_post_says_itself_comes_before_a_default(make_account, draft):
    post = draft(make_account("ada", **DEFAULTS), allow_comment=False, is_aigc=True)

    assert overrides(post) == [{"allow_duet": True}]


def test_what_a_target_says_comes_before_the_post_and_before_a_default(make_account, draft):
    account_id = make_account("ada", **DEFAULTS)

    post = draft({"account_id": account_id, "allow_duet": False, "allow_stitch": True}, allow_stitch=False)

    assert overrides(post) == [{"allow_comment": True, "is_aigc": True, "allow_duet": False, "allow_stitch": True}]


def test_a_default_that_is_as_the_product_has_it_anyway_is_no_override(make_account, draft):
    post = draft(make_account("ada", allow_comment=False, allow_duet=None))

    assert overrides(post) == [{}]


@pytest.mark.parametrize(
    ("modes", "sent", "mode"),
    [
        (["inbox"], {}, "inbox"),
        (["inbox", "inbox"], {}, "inbox"),
        (["inbox", "direct"], {}, "direct"),
        (["inbox", None], {}, "direct"),
        (["inbox"], {"mode": "direct"}, "direct"),
        (["direct"], {"mode": "inbox"}, "inbox"),
    ],
)
def test_the_mode_is_taken_from_accounts_that_agree(make_account, draft, modes, sent, mode):
    accounts = [make_account(creator, mode=each) for creator, each in zip(["ada", "grace"], modes, strict=False)]

    assert draft(*accounts, **sent)["mode"] == mode


def test_in_inbox_mode_nothing_is_filled_in_because_the_person_chooses_it_in_the_app(make_account, draft):
    post = draft(make_account("ada", mode="inbox", **DEFAULTS))

    assert (post["mode"], overrides(post)) == ("inbox", [{}])


def test_later_changes_of_the_defaults_leave_posts_as_they_are(make_account, draft, owner):
    account_id = make_account("ada", **DEFAULTS)
    post = draft(account_id)

    owner.patch(f"/accounts/{account_id}", json={"defaults": {}})

    assert overrides(owner.get(f"/posts/{post['id']}").json) == [DEFAULTS]


def test_a_default_reaches_tiktok(make_account, make_post, begin, run_jobs, simulator):
    account_id = make_account("ada", allow_comment=True)
    post = make_post(targets=[{"account_id": account_id}])

    begin(post)
    run_jobs()

    [theirs] = simulator.control.publications()
    assert (theirs["post_info"]["disable_comment"], theirs["post_info"]["disable_duet"]) == (False, True)


def test_what_came_from_defaults_does_not_keep_a_post_from_the_inbox(make_account, draft, owner, make_video):
    post = draft(make_account("ada", **DEFAULTS), media_ids=[make_video()], consent=True)

    response = owner.patch(f"/posts/{post['id']}", json={"mode": "inbox", "publish_at": "2200-01-01T00:00:00Z"})

    assert (response.status_code, response.json["status"]) == (200, "scheduled")
    assert overrides(response.json) == [{}]


def test_what_a_client_said_itself_is_not_dropped_for_the_inbox_but_refused(make_account, draft, owner, make_video):
    target = {"account_id": make_account("ada", **DEFAULTS), "allow_stitch": True, "is_aigc": False}
    post = draft(target, media_ids=[make_video()], consent=True)

    drafted = owner.patch(f"/posts/{post['id']}", json={"mode": "inbox"})
    response = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": "2200-01-01T00:00:00Z"})

    assert overrides(drafted.json) == [{"allow_stitch": True, "is_aigc": False}]
    assert [(fault["code"], fault["pointer"]) for fault in response.json["errors"]] == [
        ("ignored_in_inbox_mode", "/targets/0/allow_stitch")
    ]

"""A creator whose grant has ended is taken over by the user for whom the person consents now."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests import oauth_consent
from tests.auth.keys import make_key
from tests.conftest import Person
from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.web.problems import assert_problem
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account
from tiktok_api.db import db
from tiktok_api.tiktok import AccessTokenInvalid


@pytest.fixture
def lost(owner, simulator, connect_account, run_jobs):
    """An account of the owner's that was read, and whose person has removed the app at TikTok; nothing here has noticed."""
    account_id = connect_account(owner, "ada")
    run_jobs()
    simulator.control.disconnect("ada")
    return account_id


@pytest.fixture
def taken(stranger, simulator, lost, connect_account):
    """The account of the stranger's that took over the owner's."""
    return connect_account(stranger, "ada")


@pytest.fixture
def mails(tmp_path):
    """Everything that was sent by email."""
    return lambda: "\n".join(file.read_text() for file in (tmp_path / "mail").glob("*"))


@on_each_database
def test_the_person_who_consents_has_the_account_from_then_on(owner, stranger, simulator, lost, vault):
    connection = oauth_consent.connect(simulator, stranger, "ada")

    assert connection["status"] == "connected"
    taken = stranger.get(f"/accounts/{connection['account_id']}").json
    assert (taken["username"], taken["status"]) == ("ada", "active")
    assert taken["id"] != lost
    assert vault.token(taken["id"])
    former = owner.get(f"/accounts/{lost}").json
    assert (former["status"], former["status_reason"]) == ("revoked", "connected_by_another_user")


@on_each_database
def test_a_grant_that_was_known_to_have_ended_is_taken_over_too(owner, stranger, simulator, lost, run_jobs):
    owner.post(f"/accounts/{lost}/sync")
    run_jobs()
    assert owner.get(f"/accounts/{lost}").json["status"] == "expired"

    connection = oauth_consent.connect(simulator, stranger, "ada")

    assert connection["status"] == "connected"


def test_the_former_owner_keeps_the_history_and_is_told(owner, lost, connect_account, make_person, mails):
    before = owner.get(f"/analytics/accounts/{lost}/summary").json
    videos = owner.get(f"/accounts/{lost}/videos").json["data"]

    connect_account(make_person("another@example.com"), "ada")
    run_due_jobs(owner.app)

    after = owner.get(f"/analytics/accounts/{lost}/summary").json
    assert after["followers"] == before["followers"]
    assert owner.get(f"/accounts/{lost}/videos").json["data"] == videos
    [entry] = owner.get("/audit?action=account.taken_over").json["data"]
    assert (entry["subject_id"], entry["detail"]["username"], entry["address"]) == (lost, "ada", "")
    assert "connected by another user" in mails()


@on_each_database
def test_a_grant_that_lives_stays_with_its_user(owner, stranger, simulator, connect_account, vault):
    account_id = connect_account(owner, "ada")
    token = vault.token(account_id)

    connection = oauth_consent.connect(simulator, stranger, "ada")

    assert (connection["status"], connection["reason"]) == ("failed", "account_already_connected")
    assert owner.get(f"/accounts/{account_id}").json["status"] == "active"
    assert vault.token(account_id) == token
    assert owner.get("/audit?action=account.taken_over").json["data"] == []


def test_while_tiktok_does_not_answer_a_grant_counts_as_living(owner, stranger, simulator, lost):
    simulator.control.mischief("refresh", "status", status=500)

    connection = oauth_consent.connect(simulator, stranger, "ada")

    assert connection["reason"] == "account_already_connected"
    assert owner.get(f"/accounts/{lost}").json["status"] == "active"


@on_each_database
def test_it_can_be_taken_back_with_its_history(owner, stranger, simulator, lost, taken):
    simulator.control.disconnect("ada")

    again = oauth_consent.connect(simulator, owner, "ada")

    assert again["account_id"] == lost
    assert owner.get(f"/accounts/{lost}").json["status"] == "active"
    assert owner.get(f"/accounts/{lost}/creator-info").status_code == 200
    assert stranger.get(f"/accounts/{taken}").json["status_reason"] == "connected_by_another_user"


@on_each_database
def test_after_the_new_owner_disconnects_the_former_one_gets_the_same_account_back(
    owner, stranger, lost, connect_account
):
    stranger.delete(f"/accounts/{connect_account(stranger, 'ada')}")

    assert connect_account(owner, "ada") == lost


@on_each_database
def test_what_the_former_owner_deletes_costs_the_new_one_nothing(owner, stranger, simulator, lost, taken):
    assert owner.delete(f"/accounts/{lost}").status_code == 200
    run_due_jobs(owner.app)

    assert simulator.control.requests(endpoint="revoke") == []
    assert stranger.get(f"/accounts/{taken}/creator-info").status_code == 200


@on_each_database
def test_reconnecting_what_was_taken_over_brings_nothing_while_the_grant_lives(owner, stranger, simulator, lost):
    oauth_consent.connect(simulator, stranger, "ada")
    begun = owner.post(f"/accounts/{lost}/reconnect", json={}).json

    oauth_consent.come_back(owner, simulator.control.consent(begun["authorize_url"], "ada"))

    assert owner.get(f"/accounts/connections/{begun['id']}").json["reason"] == "account_already_connected"
    assert_problem(owner.post(f"/accounts/{lost}/sync"), 409, "account_needs_reconnection")


def test_a_key_confined_to_the_former_account_does_not_reach_the_new_one(owner, stranger, lost, connect_account):
    key = make_key(owner, account_ids=[lost])

    taken = connect_account(stranger, "ada")

    assert key.get(f"/accounts/{taken}").status_code == 404
    assert [each["id"] for each in key.get("/accounts").json["data"]] == [lost]


def test_a_removal_after_the_take_over_is_about_the_new_owner(owner, stranger, simulator, lost, taken):
    simulator.control.disconnect("ada")
    stranger.post(f"/accounts/{taken}/sync")
    run_due_jobs(owner.app)

    assert stranger.get(f"/accounts/{taken}").json["status"] == "expired"
    assert owner.get(f"/accounts/{lost}").json["status_reason"] == "connected_by_another_user"


def test_the_page_says_whose_the_account_is_now_and_how_to_take_it_back(owner, stranger, simulator):
    stranger.patch("/auth/me", json={"display_name": "<Grace>"})
    pages = []

    for person in (stranger, owner):
        begun = oauth_consent.begin(person)
        page = oauth_consent.come_back(person, simulator.control.consent(begun["authorize_url"], "ada"))
        pages.append(page.get_data(as_text=True))

    for page in pages:
        assert "&lt;Grace&gt; (s•••@example.com)" in page
        assert "stranger@example.com" not in page
        assert "remove this app in TikTok" in page
    assert "Account connected" in pages[0]
    assert "Account not connected" in pages[1]


def test_a_page_that_is_loaded_again_says_the_same(owner, simulator):
    begun = oauth_consent.begin(owner)
    location = simulator.control.consent(begun["authorize_url"], "ada")

    first, again = oauth_consent.come_back(owner, location), oauth_consent.come_back(owner, location)

    assert again.data == first.data
    assert "o•••@example.com" in first.get_data(as_text=True)


@on_each_database
def test_of_several_who_consent_at_once_one_has_the_account(app, owner, simulator, lost):
    people = [Person(app, f"person{number}@example.com") for number in range(4)]
    begun = [oauth_consent.begin(person) for person in people]
    locations = [simulator.control.consent(each["authorize_url"], "ada") for each in begun]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(oauth_consent.come_back, people, locations))

    results = [
        person.get(f"/accounts/connections/{each['id']}").json for person, each in zip(people, begun, strict=True)
    ]
    assert sorted(each["status"] for each in results) == ["connected", "failed", "failed", "failed"]
    with app.app_context():
        rows = db.session.scalars(select(Account)).all()
        assert sorted(row.taken_over_at is None for row in rows) == [False, True]
    assert owner.get(f"/accounts/{lost}").json["status_reason"] == "connected_by_another_user"


@on_each_database
def test_a_renewal_that_ends_after_the_take_over_changes_nothing(owner, stranger, simulator, lost, vault):
    with pytest.raises(AccountNeedsReconnection):
        vault.call(lost, lambda _token: _change_hands(simulator, stranger))

    assert owner.get(f"/accounts/{lost}").json["status_reason"] == "connected_by_another_user"


def _change_hands(simulator, person):
    """The account changes hands while a worker uses its token, which TikTok then rejects."""
    oauth_consent.connect(simulator, person, "ada")
    raise AccessTokenInvalid("access_token_invalid")

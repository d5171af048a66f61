"""Registering where addresses must be proven, and POST /auth/email/verify"""

import pytest

from tests import shared_app
from tests.auth.costs import count_costs
from tests.auth.outbox import forget, log_in, register, reset, verify
from tests.conftest import PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.models import User
from tiktok_api.db import db


@pytest.fixture
def app(base_settings, each_database_url):
    """An application that refuses sign-in until the address is verified."""
    return shared_app.application(each_database_url, base_settings.replace(email_verification=True), kind="verifying")


@on_each_database
def test_a_verified_address_may_sign_in(client, outbox, deliver):
    registered = register(client, "Ada@Example.com")
    deliver()

    response = verify(client, outbox.emails[0].token)

    assert (registered.status_code, registered.json) == (202, {"status": "verification_required"})
    assert (response.status_code, response.data) == (204, b"")
    assert log_in(client).status_code == 200
    assert [email.to for email in outbox.emails] == ["Ada@Example.com"]


def test_the_reason_is_told_only_with_the_right_password(client):
    register(client)

    right, wrong, unknown = log_in(client), log_in(client, password="not this one"), log_in(client, "x@example.com")

    assert_problem(right, 403, "email_not_verified")
    assert_problem(wrong, 401, "wrong_credentials")
    assert wrong.json | {"request_id": ""} == unknown.json | {"request_id": ""}


@on_each_database
def test_a_known_address_is_answered_alike_and_told_by_email(client, owner, outbox, deliver):
    known, unknown = register(client, owner.email), register(client, "new@example.com")
    deliver()

    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    assert sorted(known.headers.keys()) == sorted(unknown.headers.keys())
    subjects = {email.to: email.subject for email in outbox.emails}
    assert subjects == {owner.email: "You are registered already", "new@example.com": "Please confirm your address"}


def test_a_closed_server_sends_no_email(base_settings, each_database_url, outbox, deliver):
    settings = base_settings.replace(email_verification=True, registration="closed")
    closed = shared_app.application(each_database_url, settings, kind="verifying and closed")

    response = register(closed.test_client())
    deliver()

    assert_problem(response, 403, "registration_closed")
    assert outbox.emails == []


def test_registering_changes_nothing_for_a_known_address(client, owner, deliver):
    register(client, owner.email, password="the password of a stranger", display_name="Mallory")
    deliver()

    assert log_in(client, owner.email, PASSWORD).status_code == 200
    assert owner.get("/auth/me").json["display_name"] == ""


def test_every_branch_costs_the_same_work(app, client, owner):
    register(client, "unproven@example.com")

    costs = [
        count_costs(app, lambda email=email: register(client, email))
        for email in (owner.email, "new@example.com", "unproven@example.com")
    ]

    assert costs[0] == costs[1] == costs[2]
    assert costs[0]["hash_secret"] == 1


def test_signing_in_costs_the_same_whether_the_address_is_unknown_unproven_or_the_password_wrong(app, client, owner):
    register(client, "unproven@example.com")

    costs = [
        count_costs(app, lambda who=who: log_in(client, *who))
        for who in (
            (owner.email, "not this one"),
            ("unproven@example.com", PASSWORD),
            ("unknown@example.com", PASSWORD),
        )
    ]

    assert costs[0] == costs[1] == costs[2]
    assert costs[0]["verify_secret"] == 1


def test_a_token_works_once(client, outbox, deliver):
    register(client)
    deliver()
    token = outbox.take().token
    verify(client, token)

    response = verify(client, token)

    assert assert_problem(response, 422, "link_not_valid")["errors"][0]["pointer"] == "/token"


def test_a_token_works_for_a_day(client, clock, outbox, deliver):
    register(client)
    deliver()
    clock.shift(24 * 3600)

    response = verify(client, outbox.take().token)

    assert_problem(response, 422, "link_not_valid")


@pytest.mark.parametrize("token", ["x", "A" * 43, "é", "' or 1=1 --"])
def test_an_invalid_token_verifies_nothing(client, token):
    assert_problem(verify(client, token), 422, "link_not_valid")


def test_registering_an_address_first_does_not_keep_its_owner_out(client, outbox, deliver):
    register(client, password="the password of a stranger")
    deliver()
    planted = outbox.take().token
    register(client)
    deliver()

    assert_problem(verify(client, planted), 422, "link_not_valid")
    assert verify(client, outbox.take().token).status_code == 204
    assert log_in(client).status_code == 200


def test_registering_an_address_again_replaces_no_password(client, outbox, deliver):
    register(client)
    deliver()
    token = outbox.take().token
    register(client, password="the password of a stranger")

    assert_problem(verify(client, token), 422, "link_not_valid")


def test_a_reset_verifies_the_address_too(client, outbox, deliver):
    register(client)
    deliver()
    outbox.take()
    forget(client)
    deliver()

    reset(client, outbox.take().token, "a longer horse battery")

    assert log_in(client, password="a longer horse battery").status_code == 200


def test_users_who_never_verified_their_address_are_deleted(app, client, clock, make_person, sweep):
    make_person("proven@example.com")
    register(client, "never@example.com")
    clock.shift(6 * 24 * 3600)
    register(client, "lately@example.com")
    clock.shift(24 * 3600 + 1)

    sweep()

    with app.app_context():
        assert {user.email for user in db.session.query(User)} == {"proven@example.com", "lately@example.com"}


def test_a_user_from_before_verification_was_on_may_sign_in(app, client, base_settings, each_database_url):
    register(client)
    easy = shared_app.application(each_database_url, base_settings.replace(email_verification=False), kind="plain")
    assert log_in(easy.test_client()).status_code == 200

    response = log_in(client)

    assert response.status_code == 200

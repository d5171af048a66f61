"""Registering where addresses must be proven, and POST /auth/email/verify"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from tests import shared_app
from tests.auth.costs import count_costs
from tests.auth.outbox import forget, log_in, register, reset, verify
from tests.conftest import PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.emails import messages
from tiktok_api.auth.models import Registration, SignInSession, User
from tiktok_api.db import db, transaction
from tiktok_api.jobs import queue


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

    assert verify(client, outbox.take().token).status_code == 204
    assert_problem(verify(client, planted), 422, "link_not_valid")
    assert log_in(client).status_code == 200


def test_registering_an_address_again_replaces_no_password(client, outbox, deliver):
    register(client)
    deliver()
    token = outbox.take().token
    register(client, password="the password of a stranger")

    assert verify(client, token).status_code == 204
    assert_problem(log_in(client, password="the password of a stranger"), 401, "wrong_credentials")
    assert log_in(client).status_code == 200


def test_a_reset_verifies_the_address_too(client, outbox, deliver):
    register(client)
    deliver()
    outbox.take()
    forget(client)
    deliver()

    reset(client, outbox.take().token, "a longer horse battery")

    assert log_in(client, password="a longer horse battery").status_code == 200


def test_registrations_that_were_never_verified_are_deleted(app, client, clock, make_person, sweep):
    make_person("proven@example.com")
    register(client, "never@example.com")
    clock.shift(6 * 24 * 3600)
    register(client, "lately@example.com")
    clock.shift(24 * 3600 + 1)

    sweep()

    with app.app_context():
        assert [each.email for each in db.session.query(Registration)] == ["lately@example.com"]
        assert [user.email for user in db.session.query(User)] == ["proven@example.com"]


@pytest.fixture
def unproven_user(app, make_person):
    """A user of an older version, which made one of each registration: without a proof of the address, and without a session."""
    person = make_person("ada@example.com")
    with app.app_context(), transaction() as session:
        session.execute(update(User).values(awaits_verification=True))
        session.execute(delete(SignInSession))
    return person


def test_an_unproven_user_of_an_older_version_cannot_sign_in(client, unproven_user):
    response = log_in(client)

    assert_problem(response, 403, "email_not_verified")


@on_each_database
def test_an_unproven_user_of_an_older_version_registers_again(client, unproven_user, outbox, deliver):
    register(client, password="a longer horse battery")
    deliver()

    response = verify(client, outbox.take().token)

    assert response.status_code == 204
    assert_problem(log_in(client), 401, "wrong_credentials")
    assert log_in(client, password="a longer horse battery").status_code == 200


def test_an_unproven_user_of_an_older_version_is_deleted_after_a_week(app, clock, unproven_user, sweep):
    with app.app_context(), transaction() as session:
        session.execute(update(User).values(created_at=datetime.now(UTC) - timedelta(days=7, seconds=1)))

    sweep()

    with app.app_context():
        assert db.session.query(User).count() == 0


def test_an_email_that_an_older_version_has_queued_is_not_sent(app, outbox, deliver):
    old = {"topic": "welcome", "email_key": "ada@example.com", "bound_to": "x"}
    with app.app_context(), transaction():
        queue.enqueue(messages.SEND, due_at=datetime.now(UTC), owner_id=None, unique_key="old", payload=old)

    deliver()

    assert outbox.emails == []


def test_a_user_from_before_verification_was_on_may_sign_in(app, client, base_settings, each_database_url):
    register(client)
    easy = shared_app.application(each_database_url, base_settings.replace(email_verification=False), kind="plain")
    assert log_in(easy.test_client()).status_code == 200

    response = log_in(client)

    assert response.status_code == 200


@on_each_database
def test_signing_in_many_times_at_once_before_verification_is_on_makes_one_user(
    app, client, base_settings, each_database_url
):
    register(client)
    easy = shared_app.application(each_database_url, base_settings.replace(email_verification=False), kind="plain")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: log_in(easy.test_client()).status_code, range(4)))

    assert {200} <= set(answers) <= {200, 401}
    with app.app_context():
        assert db.session.query(User).count() == 1

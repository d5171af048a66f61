"""POST /auth/password/forgot and POST /auth/password/reset"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.costs import count_costs
from tests.auth.outbox import Outbox, forget, log_in, reset
from tests.conftest import API, PASSWORD, Person
from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.web.problems import assert_problem
from tiktok_api.auth.emails.mailer import Mailer
from tiktok_api.auth.models import Email
from tiktok_api.db import db
from tiktok_api.extensions import services_of
from tiktok_api.jobs.models import Job

NEW = "a longer horse battery"
FORGOT = f"{API}/auth/password/forgot"


@pytest.fixture
def ask(client, outbox, deliver):
    """The token of the email that a user gets who forgot the password."""

    def ask_for_token(person) -> str:
        forget(client, person.email)
        deliver()
        return outbox.take().token

    return ask_for_token


@on_each_database
def test_with_the_emails_token_a_new_password_is_chosen(client, owner, ask):
    token = ask(owner)

    response = reset(client, token)

    assert (response.status_code, response.json) == (200, {"sessions_ended": 1, "api_keys_revoked": 0})
    assert log_in(client, owner.email, NEW).status_code == 200
    assert_problem(log_in(client, owner.email, PASSWORD), 401, "wrong_credentials")


@on_each_database
def test_known_and_unknown_addresses_are_answered_alike_after_the_same_work(app, client, owner, outbox, deliver):
    costs = [count_costs(app, lambda email=email: forget(client, email)) for email in (owner.email, "no@example.com")]
    known, unknown = forget(client, owner.email), forget(client, "no@example.com")
    deliver()

    assert (known.status_code, known.data) == (unknown.status_code, unknown.data) == (202, b"")
    assert sorted(known.headers.keys()) == sorted(unknown.headers.keys())
    assert costs[0] == costs[1]
    assert [email.to for email in outbox.emails] == [owner.email]


@pytest.mark.parametrize("email", ["OWNER@EXAMPLE.COM", " owner@example.com "])
def test_an_address_may_be_written_in_any_case(client, owner, outbox, deliver, email):
    forget(client, email)
    deliver()

    assert outbox.take().to == owner.email


def test_a_token_works_once(client, owner, ask):
    token = ask(owner)
    reset(client, token)

    response = reset(client, token, "yet another horse battery")

    assert assert_problem(response, 422, "link_not_valid")["errors"][0]["pointer"] == "/token"
    assert log_in(client, owner.email, NEW).status_code == 200


@on_each_database
def test_used_many_times_at_once_it_works_once(app, owner, ask):
    token = ask(owner)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: reset(app.test_client(), token, f"{NEW} {n}").status_code, range(4)))

    assert sorted(answers) == [200, 422, 422, 422]


def test_a_token_works_for_an_hour(client, clock, make_person, ask):
    person = make_person("ada@example.com")
    token = ask(person)
    clock.shift(3600)

    response = reset(client, token)

    assert_problem(response, 422, "link_not_valid")


def test_once_the_password_has_changed_older_tokens_are_not_valid(client, owner, ask):
    token = ask(owner)
    owner.post("/auth/password", json={"current_password": PASSWORD, "new_password": NEW})

    response = reset(client, token, "yet another horse battery")

    assert_problem(response, 422, "link_not_valid")


def test_a_weak_password_leaves_the_token_good(client, owner, ask):
    token = ask(owner)

    response = reset(client, token, "password1234")

    assert assert_problem(response, 422, "weak_password")["errors"][0]["pointer"] == "/password"
    assert reset(client, token).status_code == 200


def test_a_token_for_one_purpose_is_invalid_for_another(client, owner, ask):
    response = client.post("/api/v1/auth/email/verify", json={"token": ask(owner)})

    assert_problem(response, 422, "link_not_valid")


def test_the_user_is_told_that_the_password_was_changed(client, owner, ask, outbox, deliver):
    reset(client, ask(owner))
    deliver()

    email = outbox.take()

    assert (email.to, email.subject) == (owner.email, "Your password was changed")


def test_the_token_is_stored_nowhere(app, client, owner, outbox, deliver):
    outbox.failures = 1
    forget(client, owner.email)
    deliver()
    deliver()

    token = outbox.take().token

    with app.app_context():
        rows = [vars(row) for model in (Email, Job) for row in db.session.query(model)]
    assert token not in str(rows)


def test_an_outage_of_the_mail_server_loses_no_email(client, owner, outbox, deliver):
    outbox.failures = 7
    forget(client, owner.email)
    for _ in range(8):
        deliver()

    assert reset(client, outbox.take().token).status_code == 200


def test_an_undeliverable_email_is_not_sent_again(app, client, owner, outbox, deliver):
    outbox.is_known_here = False
    forget(client, owner.email)

    deliver()

    with app.app_context():
        assert db.session.query(Job).count() == 0


def test_at_most_five_emails_an_hour_are_sent(client, clock, make_person, outbox, deliver):
    person = make_person("ada@example.com")
    for _ in range(7):
        forget(client, person.email)
        deliver()
        clock.shift(60)
    during = len(outbox.emails)
    clock.shift(3600)

    forget(client, person.email)
    deliver()

    assert (during, len(outbox.emails)) == (5, 6)


def test_asking_from_elsewhere_silences_no_email(client, owner, outbox, deliver):
    for number in range(30):
        for _ in range(2):
            client.post(FORGOT, json={"email": owner.email}, environ_base={"REMOTE_ADDR": f"198.51.{number}.9"})
            deliver()
    outbox.emails.clear()

    forget(client, owner.email)
    deliver()

    assert reset(client, outbox.take().token).status_code == 200


def test_a_network_that_asked_before_gets_no_more_once_the_address_got_twenty(client, owner, outbox, deliver):
    for number in range(24):
        client.post(FORGOT, json={"email": owner.email}, environ_base={"REMOTE_ADDR": f"198.51.{number}.9"})
    deliver()
    before = len(outbox.emails)

    client.post(FORGOT, json={"email": owner.email}, environ_base={"REMOTE_ADDR": "198.51.3.200"})
    deliver()

    assert (before, len(outbox.emails)) == (24, 24)


def test_a_later_email_leaves_the_token_of_an_earlier_one_good(client, owner, ask):
    first = ask(owner)
    ask(owner)

    response = reset(client, first)

    assert response.status_code == 200


def test_a_new_password_ends_every_token_of_other_emails(client, owner, ask):
    first, second = ask(owner), ask(owner)
    reset(client, first)

    response = reset(client, second, "yet another horse battery")

    assert_problem(response, 422, "link_not_valid")
    assert log_in(client, owner.email, NEW).status_code == 200


def test_an_unknown_address_gets_no_email(client, outbox, deliver):
    forget(client, "unknown@example.com")

    deliver()

    assert outbox.emails == []


def test_with_a_frontend_the_email_links_to_it(make_app):
    app, box = make_app(frontend_url="https://app.example.com"), Outbox()
    services_of(app)[Mailer] = box
    person = Person(app, "ada@example.com")

    forget(app.test_client(), person.email)
    run_due_jobs(app)

    assert re.search(r"^https://app\.example\.com/reset-password#token=[\w-]{43}$", box.take().text, re.MULTILINE)

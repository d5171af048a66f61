"""Registrations of one address by several people: each is proven by its own e-mail, and none touches another."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from tests import shared_app
from tests.auth.outbox import forget, log_in, register, reset, verify
from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.cli.main import console

RIVAL = "the password of a stranger"
ELSEWHERE = "198.51.100.9"


@pytest.fixture
def app(base_settings, each_database_url):
    return shared_app.application(each_database_url, base_settings.replace(email_verification=True), kind="verifying")


@pytest.fixture
def registered(client, outbox, deliver):
    """Register the address and return the token of the e-mail that this registration got."""

    def register_and_read(**wish) -> str:
        assert register(client, **wish).status_code == 202
        deliver()
        return outbox.take().token

    return register_and_read


def profile(client, password=PASSWORD):
    token = log_in(client, password=password).json["access_token"]
    return client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {token}"}).json


def register_from(client, address, **wish):
    body = {"email": "ada@example.com", "password": RIVAL} | wish
    return client.post(f"{API}/auth/register", json=body, environ_base={"REMOTE_ADDR": address})


def create_user(app):
    """What `tiktok-api users create` does; this password is asked for at the terminal."""
    with app.app_context():
        return CliRunner().invoke(console, ["users", "create", "ADA@example.com", "--password-stdin"], input=PASSWORD)


@on_each_database
@pytest.mark.parametrize("rivals_at", ["before", "after", "before and after"])
def test_an_email_lets_in_the_password_of_its_own_registration(client, registered, rivals_at):
    if "before" in rivals_at:
        registered(password=RIVAL, display_name="Mallory")
    token = registered(display_name="Ada", timezone="Europe/Berlin")
    if "after" in rivals_at:
        registered(password=RIVAL, display_name="Mallory")

    response = verify(client, token)

    assert response.status_code == 204
    assert (profile(client)["display_name"], profile(client)["timezone"]) == ("Ada", "Europe/Berlin")
    assert_problem(log_in(client, password=RIVAL), 401, "wrong_credentials")


@on_each_database
def test_a_proof_ends_every_other_registration_of_the_address(client, registered):
    rivals = [registered(password=f"{RIVAL} {number}") for number in range(2)]
    verify(client, registered())

    answers = [verify(client, token) for token in rivals]

    for answer in answers:
        assert_problem(answer, 422, "link_not_valid")
    assert log_in(client).status_code == 200


def test_an_email_of_a_registration_that_has_ended_is_not_sent(client, outbox, deliver, registered):
    token = registered()
    register(client, password=RIVAL)
    verify(client, token)

    deliver()

    assert outbox.emails == []


@on_each_database
def test_other_registrations_silence_no_email(client, outbox, deliver):
    for _ in range(8):
        register_from(client, ELSEWHERE)
        deliver()
    outbox.emails.clear()

    register(client)
    deliver()

    assert verify(client, outbox.take().token).status_code == 204
    assert log_in(client).status_code == 200


def test_a_flood_from_many_networks_silences_no_network_that_is_new(client, outbox, deliver):
    for number in range(30):
        register_from(client, f"198.51.{number}.9")
    deliver()
    outbox.emails.clear()

    register(client)
    deliver()

    assert verify(client, outbox.take().token).status_code == 204


def test_one_network_floods_no_mailbox(client, outbox, deliver):
    for number in range(24):
        register_from(client, f"198.51.100.{number}")  # neighbours are one network
    deliver()

    assert len(outbox.emails) == 20
    assert {email.to for email in outbox.emails} == {"ada@example.com"}


def test_a_mailbox_is_free_again_after_an_hour(client, clock, outbox, deliver):
    for _ in range(24):
        register_from(client, ELSEWHERE)
    deliver()
    clock.shift(3600)
    outbox.emails.clear()

    register_from(client, ELSEWHERE)
    deliver()

    assert len(outbox.emails) == 1


@on_each_database
def test_with_any_number_of_registrations_the_owner_chooses_a_password_by_email(client, outbox, deliver, registered):
    rival = registered(password=RIVAL, display_name="Mallory", timezone="Asia/Tokyo")
    forget(client)
    deliver()

    response = reset(client, outbox.take().token, "a longer horse battery")

    assert response.status_code == 200
    mine = profile(client, "a longer horse battery")
    assert (mine["display_name"], mine["timezone"]) == ("", "UTC")  # not what a stranger has registered with
    assert_problem(verify(client, rival), 422, "link_not_valid")
    assert_problem(log_in(client, password=RIVAL), 401, "wrong_credentials")


def test_a_link_for_a_password_ends_with_the_proof_of_a_registration(client, outbox, deliver, registered):
    token = registered()
    forget(client)
    deliver()
    link = outbox.take().token
    verify(client, token)

    response = reset(client, link, "a longer horse battery")

    assert_problem(response, 422, "link_not_valid")
    assert log_in(client).status_code == 200


@on_each_database
def test_of_many_proofs_at_once_one_counts(app, client, registered):
    tokens = [registered(password=f"{RIVAL} {number}") for number in range(4)] * 2

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda token: verify(app.test_client(), token).status_code, tokens))

    assert sorted(answers) == [204, *[422] * 7]
    let_in = [number for number in range(4) if log_in(client, password=f"{RIVAL} {number}").status_code == 200]
    assert let_in == [answers.index(204) % 4]


@on_each_database
def test_of_a_proof_and_a_reset_at_once_one_counts(app, client, outbox, deliver, registered):
    token = registered()
    forget(client)
    deliver()
    link = outbox.take().token

    with ThreadPoolExecutor(2) as pool:
        proving = pool.submit(verify, app.test_client(), token)
        resetting = pool.submit(reset, app.test_client(), link, "a longer horse battery")
        answers = (proving.result().status_code, resetting.result().status_code)

    assert answers in {(204, 422), (422, 200)}
    let_in = (log_in(client).status_code == 200, log_in(client, password="a longer horse battery").status_code == 200)
    assert let_in == (answers[0] == 204, answers[1] == 200)


@on_each_database
def test_registering_many_times_at_once_gives_each_its_own_email(app, client, outbox, deliver):
    passwords = [f"{RIVAL} {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda p: register(app.test_client(), password=p).status_code, passwords))

    deliver()

    assert answers == [202] * 6
    assert len({email.token for email in outbox.emails}) == 6
    assert verify(client, outbox.emails[3].token).status_code == 204
    assert sum(log_in(client, password=password).status_code == 200 for password in passwords) == 1


@on_each_database
def test_a_user_whom_the_operator_creates_ends_the_registrations_of_the_address(app, client, registered):
    rival = registered(password=RIVAL)

    made = create_user(app)

    assert made.exit_code == 0, made.output
    assert_problem(verify(client, rival), 422, "link_not_valid")
    assert log_in(client).status_code == 200
    assert_problem(log_in(client, password=RIVAL), 401, "wrong_credentials")


@on_each_database
def test_of_an_operator_and_a_proof_at_once_one_creates_the_user(app, client, registered):
    rival = registered(password=RIVAL)

    with ThreadPoolExecutor(2) as pool:
        proving = pool.submit(verify, app.test_client(), rival)
        creating = pool.submit(create_user, app)
        answers = (proving.result().status_code, creating.result().exit_code)

    assert answers in {(204, 1), (422, 0)}, creating.result().output
    assert log_in(client, password=RIVAL if answers[1] else PASSWORD).status_code == 200
    assert log_in(client, password=PASSWORD if answers[1] else RIVAL).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_scanner_that_follows_links_proves_nothing_and_uses_nothing_up(client, registered, method):
    token = registered()
    link = f"{API}/auth/email/verify"

    looked = client.open(link, method=method, query_string={"token": token}, json={"token": token})

    assert looked.status_code in (200, 405)  # 200: what methods there are
    assert_problem(log_in(client), 403, "email_not_verified")
    assert verify(client, token).status_code == 204


@pytest.mark.parametrize(
    "origin",
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("no address", "no address"),
    ],
)
def test_an_email_says_when_and_from_where_its_registration_came(client, clock, outbox, deliver, origin):
    address, network = origin
    register_from(client, address)
    deliver()

    text = outbox.take().text

    assert f"on 2027-03-02 12:00 UTC, from the network {network}." in text


def test_a_registration_is_over_after_a_week(client, clock, sweep):
    register(client)
    clock.shift(6 * 24 * 3600)
    sweep()
    before = log_in(client)
    clock.shift(24 * 3600 + 1)

    sweep()

    assert_problem(before, 403, "email_not_verified")
    assert_problem(log_in(client), 401, "wrong_credentials")


def test_deleting_a_user_deletes_what_was_registered_for_the_address(client, deliver, registered):
    verify(client, registered())
    register(client, password=RIVAL)
    token = log_in(client).json["access_token"]

    client.delete(f"{API}/auth/me", headers={"Authorization": f"Bearer {token}"})

    assert_problem(log_in(client, password=RIVAL), 401, "wrong_credentials")

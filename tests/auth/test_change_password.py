"""POST /auth/password"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.devices import is_signed_in, log_in, refresh
from tests.auth.keys import make_key
from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem

NEW = "a longer horse battery"


def change(person, *, headers=None, **wish):
    body = {"current_password": PASSWORD, "new_password": NEW} | wish
    return person.post("/auth/password", json=body, headers=headers)


def can_log_in(client, person, password) -> bool:
    answer = client.post(f"{API}/auth/login", json={"email": person.email, "password": password})
    return answer.status_code == 200


def test_the_new_password_replaces_the_old(client, owner):
    response = change(owner)

    assert response.status_code == 200
    assert can_log_in(client, owner, NEW)
    assert not can_log_in(client, owner, PASSWORD)


@on_each_database
def test_every_device_is_signed_out_and_this_one_gets_new_tokens(client, owner):
    other = log_in(client, owner)

    tokens = change(owner).json

    assert [is_signed_in(client, each) for each in (other, owner.tokens, tokens)] == [False, False, True]
    assert refresh(client, tokens["refresh_token"]).status_code == 200
    assert (tokens["sessions_ended"], tokens["api_keys_revoked"]) == (2, 0)


def test_the_new_session_is_of_the_same_device(client, owner):
    before = owner.get("/auth/sessions").json["data"]

    owner.tokens = change(owner, headers={"User-Agent": "tests"}).json

    (session,) = owner.get("/auth/sessions").json["data"]
    assert (session["user_agent"], session["address"]) == (before[0]["user_agent"], before[0]["address"])


@pytest.mark.parametrize(
    ("wish", "status"), [({}, 200), ({"revoke_api_keys": False}, 200), ({"revoke_api_keys": True}, 401)]
)
def test_keys_are_revoked_if_that_is_asked_for(owner, wish, status):
    keys = [make_key(owner) for _ in range(2)]

    answer = change(owner, **wish).json

    assert [key.get("/auth/me").status_code for key in keys] == [status] * 2
    assert answer["api_keys_revoked"] == (2 if status == 401 else 0)


@pytest.mark.parametrize("value", ["true", 1, None])
def test_revoking_keys_is_true_or_false(owner, value):
    response = change(owner, revoke_api_keys=value)

    assert assert_problem(response, 422, "invalid")["errors"][0]["pointer"] == "/revoke_api_keys"


@pytest.mark.parametrize(("revoke", "said"), [(False, "Your API keys go on working."), (True, "API keys revoked: 1.")])
def test_the_email_says_what_has_ended(owner, outbox, deliver, revoke, said):
    make_key(owner)
    change(owner, revoke_api_keys=revoke)

    deliver()

    email = outbox.take()
    assert email.subject == "Your password was changed"
    assert f"Every other device was signed out. {said}" in " ".join(email.text.split())


def test_changing_it_often_does_not_silence_the_news(owner, outbox, deliver):
    for number in range(24):
        answer = change(
            owner, current_password=PASSWORD if number == 0 else f"{NEW} {number - 1}", new_password=f"{NEW} {number}"
        )
        owner.tokens = answer.json

    deliver()

    assert len(outbox.emails) == 24


def test_changing_the_password_needs_the_old_one(client, owner):
    other = log_in(client, owner)

    response = change(owner, current_password="not the password")

    assert assert_problem(response, 422, "wrong_password")["errors"][0]["pointer"] == "/current_password"
    assert can_log_in(client, owner, PASSWORD)
    assert is_signed_in(client, other)


@pytest.mark.parametrize(("password", "code"), [("password1234", "weak_password"), ("short", "invalid")])
def test_a_bad_password_is_refused(owner, password, code):
    response = change(owner, new_password=password)

    assert assert_problem(response, 422, code)["errors"][0]["pointer"] == "/new_password"


def test_of_two_changes_at_once_one_counts(app, owner):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: change(owner, new_password=f"{NEW} {n}").status_code, range(4)))

    assert answers.count(200) == 1
    assert set(answers) <= {200, 401, 422}  # those that begin after the change have no valid token any more


def test_a_stranger_keeps_their_password(client, owner, stranger):
    change(owner)

    assert can_log_in(client, stranger, PASSWORD)


def test_without_a_token_nothing_can_be_changed(client):
    response = client.post(f"{API}/auth/password", json={"current_password": PASSWORD, "new_password": NEW})

    assert_problem(response, 401, "unauthorized")

"""POST /auth/password"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.devices import is_signed_in, log_in
from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem

NEW = "a longer horse battery"


def change(person, **wish):
    return person.post("/auth/password", json={"current_password": PASSWORD, "new_password": NEW} | wish)


def can_log_in(client, person, password) -> bool:
    answer = client.post(f"{API}/auth/login", json={"email": person.email, "password": password})
    return answer.status_code == 200


def test_the_new_password_replaces_the_old(client, owner):
    response = change(owner)

    assert (response.status_code, response.data) == (204, b"")
    assert can_log_in(client, owner, NEW)
    assert not can_log_in(client, owner, PASSWORD)


@on_each_database
def test_every_other_device_is_signed_out(client, owner):
    other = log_in(client, owner)

    change(owner)

    assert not is_signed_in(client, other)
    assert is_signed_in(client, owner.tokens)


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

    assert sorted(answers) == [204, 422, 422, 422]


def test_a_stranger_keeps_their_password(client, owner, stranger):
    change(owner)

    assert can_log_in(client, stranger, PASSWORD)


def test_without_a_token_nothing_can_be_changed(client):
    response = client.post(f"{API}/auth/password", json={"current_password": PASSWORD, "new_password": NEW})

    assert_problem(response, 401, "unauthorized")

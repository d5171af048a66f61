"""POST /auth/register"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import API, PASSWORD
from tests.databases import on_each_database
from tests.web.problems import assert_problem

WHO = {"email": "ada@example.com", "password": PASSWORD}


def register(client, **wish):
    return client.post(f"{API}/auth/register", json=WHO | wish)


def test_a_new_user_is_signed_in(client):
    response = register(client, display_name="Ada", timezone="Europe/Berlin")

    assert response.status_code == 201
    profile = client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {response.json['access_token']}"}).json
    assert (profile["email"], profile["display_name"], profile["timezone"]) == (WHO["email"], "Ada", "Europe/Berlin")
    assert response.json["token_type"] == "Bearer"


def test_an_address_is_written_as_its_owner_wrote_it(client):
    tokens = register(client, email="Ada.Lovelace@Example.com").json

    profile = client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json

    assert profile["email"] == "Ada.Lovelace@Example.com"


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@EXAMPLE.COM"])
def test_a_known_address_is_taken_however_it_is_written(client, email):
    register(client)

    response = register(client, email=email)

    assert_problem(response, 409, "email_taken")


@pytest.mark.parametrize(
    "email", ["ZOE\u0308@BU\u0308CHER.EXAMPLE", "zo\u00eb@xn--bcher-kva.example", "\uff5ao\u00eb@b\u00fccher.example"]
)
def test_an_address_of_any_script_is_the_same_however_it_is_typed(client, email):
    register(client, email="zo\u00eb@b\u00fccher.example")

    again = register(client, email=email)
    signed_in = client.post(f"{API}/auth/login", json=WHO | {"email": email})

    assert again.status_code in (409, 422)
    assert signed_in.status_code == 200


@on_each_database
def test_of_many_at_once_one_gets_the_address(app):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: register(app.test_client()).status_code, range(6)))

    assert sorted(answers) == [201, 409, 409, 409, 409, 409]


def test_a_password_that_everybody_tries_first_is_refused(client):
    common = [
        "password123", "Password1234!", "P@ssw0rd2024", "1234567890", "9876543210", "qwertyuiop", "abcdefghij",
        "aaaaaaaaaa", "ababababab", "iloveyou12345", "letmein!!!!", "ada@example.com", "ADA@example.com", "1q2w3e4r5t",
        "tiktok123456", "..........", "passwordpassword", "123456789a", "q1w2e3r4t5y6", "LiverpooL1", "basketball",
    ]  # fmt: skip

    answers = {password: register(client, password=password) for password in common}

    assert {password for password, answer in answers.items() if answer.status_code != 422} == set()
    for answer in answers.values():
        assert assert_problem(answer, 422, "weak_password")["errors"][0]["pointer"] == "/password"


@pytest.mark.parametrize("password", ["short", "x" * 9, "a b" * 43])
def test_a_password_has_10_to_128_characters(client, password):
    response = register(client, password=password)

    assert assert_problem(response, 422, "invalid")["errors"][0]["pointer"] == "/password"


def test_every_character_of_a_long_password_counts(client):
    long = ("correct horse battery staple " * 5)[:128]
    register(client, password=long)

    almost = client.post(f"{API}/auth/login", json=WHO | {"password": long[:-1] + "!"})
    right = client.post(f"{API}/auth/login", json=WHO | {"password": long})

    assert (almost.status_code, right.status_code) == (401, 200)


def test_a_password_typed_on_another_keyboard_is_the_same(client):
    register(client, password="naïve café Ω")

    response = client.post(f"{API}/auth/login", json=WHO | {"password": "nai\u0308ve cafe\u0301 \u2126"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.com", "a b@example.com", "ada@example.com\n", "a" * 250 + "@example.com", 1, None],
)
def test_an_invalid_address_is_refused(client, email):
    response = register(client, email=email)

    assert assert_problem(response, 422, "invalid")["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "europe/berlin", "+01:00", "", "../../etc/passwd", "localtime"])
def test_a_time_zone_is_one_of_iana(client, timezone):
    response = register(client, timezone=timezone)

    assert assert_problem(response, 422, "invalid")["errors"][0]["pointer"] == "/timezone"


@pytest.mark.parametrize("member", ["id", "email_key", "password_hash", "is_admin", "created_at"])
def test_unknown_fields_are_refused(client, member):
    response = register(client, **{member: "x"})

    assert assert_problem(response, 422)["errors"][0] == {
        "pointer": f"/{member}",
        "code": "unknown_field",
        "message": "Unknown field.",
    }


def test_a_closed_server_registers_no_user(make_app):
    response = register(make_app(registration="closed").test_client())

    assert_problem(response, 403, "registration_closed")


def test_a_closed_server_tells_nothing_about_addresses(make_app):
    register(make_app().test_client())
    closed = make_app(registration="closed").test_client()

    known, unknown = register(closed), register(closed, email="grace@example.com")

    assert known.json | {"request_id": ""} == unknown.json | {"request_id": ""}

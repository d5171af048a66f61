"""POST /auth/logout"""

from tests.conftest import API
from tests.databases import on_each_database
from tests.web.problems import assert_problem


@on_each_database
def test_logging_out_holds_everywhere_at_once(make_app, owner, each_database_url):
    elsewhere = make_app(database_url=each_database_url).test_client()
    headers = {"Authorization": f"Bearer {owner.tokens['access_token']}"}
    assert elsewhere.get(f"{API}/auth/me", headers=headers).status_code == 200  # so that it remembers the token

    response = owner.post("/auth/logout")

    assert (response.status_code, response.data) == (204, b"")
    assert_problem(elsewhere.get(f"{API}/auth/me", headers=headers), 401, "session_ended")
    assert_problem(owner.get("/auth/me"), 401, "session_ended")
    refreshed = elsewhere.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]})
    assert_problem(refreshed, 401, "session_ended")


def test_logging_out_twice_is_refused(owner):
    owner.post("/auth/logout")

    response = owner.post("/auth/logout")

    assert_problem(response, 401, "session_ended")


def test_other_devices_stay_signed_in(client, owner):
    credentials = {"email": owner.email, "password": "correct horse battery"}
    other = client.post(f"{API}/auth/login", json=credentials).json

    owner.post("/auth/logout")

    headers = {"Authorization": f"Bearer {other['access_token']}"}
    assert client.get(f"{API}/auth/me", headers=headers).status_code == 200


def test_a_stranger_stays_signed_in(owner, stranger):
    owner.post("/auth/logout")

    assert stranger.get("/auth/me").status_code == 200


def test_a_refresh_after_logout_is_refused(client, owner):
    successor = client.post(f"{API}/auth/refresh", json={"refresh_token": owner.tokens["refresh_token"]}).json
    owner.post("/auth/logout")

    response = client.post(f"{API}/auth/refresh", json={"refresh_token": successor["refresh_token"]})

    assert_problem(response, 401, "session_ended")

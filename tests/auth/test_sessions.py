"""GET and DELETE /auth/sessions"""

from uuid import uuid4

from tests.auth.devices import is_signed_in, log_in
from tests.databases import on_each_database
from tests.web.problems import assert_problem
from tiktok_api.auth.models import SignInSession
from tiktok_api.db import db


def sessions_of(person) -> list[dict]:
    return person.get("/auth/sessions").json["data"]


@on_each_database
def test_every_device_is_listed_the_newest_first(client, owner):
    log_in(client, owner, agent="a telephone", address="203.0.113.7")

    listed = sessions_of(owner)

    assert [(each["user_agent"], each["address"], each["is_current"]) for each in listed] == [
        ("a telephone", "203.0.113.7", False),
        ("tests", "127.0.0.1", True),
    ]


def test_a_session_tells_when_it_began_and_when_it_was_used_last(client, clock, make_person):
    person = make_person("ada@example.com")
    clock.shift(3600)
    tokens = client.post("/api/v1/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]}).json
    person.tokens = tokens

    (session,) = sessions_of(person)

    assert (session["created_at"], session["last_issued_at"]) == ("2027-03-02T12:00:00Z", "2027-03-02T13:00:00Z")


def test_the_list_comes_in_pages(client, owner):
    for _ in range(2):
        log_in(client, owner)

    first = owner.get("/auth/sessions?limit=2").json
    second = owner.get(f"/auth/sessions?limit=2&cursor={first['next_cursor']}").json

    assert (len(first["data"]), first["has_more"], second["has_more"]) == (2, True, False)
    assert [each["is_current"] for each in second["data"]] == [True]


def test_a_stranger_sees_only_their_own(client, owner, stranger):
    log_in(client, owner)

    assert [each["is_current"] for each in sessions_of(stranger)] == [True]


@on_each_database
def test_an_ended_session_opens_nothing_any_more(client, owner):
    tokens = log_in(client, owner)
    other = next(each for each in sessions_of(owner) if not each["is_current"])

    response = owner.delete(f"/auth/sessions/{other['id']}")

    assert (response.status_code, response.data) == (204, b"")
    assert not is_signed_in(client, tokens)
    assert client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert [each["is_current"] for each in sessions_of(owner)] == [True]


def test_ending_ones_own_session_is_logging_out(owner):
    (own,) = sessions_of(owner)

    response = owner.delete(f"/auth/sessions/{own['id']}")

    assert response.status_code == 204
    assert_problem(owner.get("/auth/me"), 401, "session_ended")


def test_a_strangers_session_is_not_there(owner, stranger):
    (theirs,) = sessions_of(stranger)

    answers = [owner.delete(f"/auth/sessions/{each}") for each in (theirs["id"], uuid4(), "nonsense")]

    for answer in answers:
        assert_problem(answer, 404, "not_found")
    assert stranger.get("/auth/me").status_code == 200


def test_an_ended_session_cannot_be_ended_again(client, owner):
    log_in(client, owner)
    other = next(each for each in sessions_of(owner) if not each["is_current"])
    owner.delete(f"/auth/sessions/{other['id']}")

    response = owner.delete(f"/auth/sessions/{other['id']}")

    assert_problem(response, 404, "not_found")


def test_all_others_can_be_ended_at_once(client, owner, stranger):
    others = [log_in(client, owner) for _ in range(2)]

    response = owner.delete("/auth/sessions")

    assert (response.status_code, response.data) == (204, b"")
    assert [is_signed_in(client, tokens) for tokens in others] == [False, False]
    assert is_signed_in(client, owner.tokens)
    assert is_signed_in(client, stranger.tokens)


def test_a_session_whose_refresh_token_has_expired_is_not_listed(client, clock, make_person):
    person = make_person("ada@example.com")
    clock.shift(29 * 24 * 3600)
    person.tokens = log_in(client, person)
    clock.shift(24 * 3600 - 1)
    person.tokens = client.post("/api/v1/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]}).json
    clock.shift(1)

    assert [each["is_current"] for each in sessions_of(person)] == [True]


def test_ended_sessions_are_deleted_and_others_kept(app, client, clock, make_person, sweep):
    person, idle = make_person("ada@example.com"), make_person("grace@example.com")
    ended = log_in(client, person)
    client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {ended['access_token']}"})
    clock.shift(30 * 24 * 3600 - 10)
    person.tokens = client.post("/api/v1/auth/refresh", json={"refresh_token": person.tokens["refresh_token"]}).json
    clock.shift(20)

    sweep()

    with app.app_context():
        assert [str(each.user_id) for each in db.session.query(SignInSession)] == [person.user_id]
    assert is_signed_in(client, person.tokens)
    assert not is_signed_in(client, idle.tokens)

"""What a thief of a token must not do: making keys, ending other sessions, leaving and changing the password ask who it is."""

from typing import Any

import pytest

from tests.auth.devices import is_signed_in, log_in, refresh
from tests.auth.keys import Key, make_key
from tests.conftest import PASSWORD, Person
from tests.contract.operations import MISSING, operations_of, some
from tests.databases import on_each_database
from tests.web.problems import assert_problem

TEN_MINUTES = 600
RIGHT, WRONG = {"current_password": PASSWORD}, {"current_password": "not the password"}
ACTS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "create_api_key": ("POST", "/auth/api-keys", {"name": "x", "scopes": ["read"]}, 201),
    "end_other_sessions": ("DELETE", "/auth/sessions", {}, 204),
    "end_session": ("DELETE", "/auth/sessions/{session_id}", {}, 204),
    "delete_me": ("DELETE", "/auth/me", {}, 204),
    "change_password": ("POST", "/auth/password", {"new_password": "a longer horse battery"}, 200),
}
"""Method, path, body without the password, and the status of success."""
ASKING_OLD_SESSIONS = [name for name in ACTS if name != "change_password"]
"""The rest asks every session."""
HARMLESS = ["log_out", "revoke_api_key", "update_me"]
"""What only takes something away from the thief, or is shown and changed back with ease."""


class Scene:
    """A person with two devices and a key; one device acts, the rest shows whether anything has changed."""

    def __init__(self, person: Person) -> None:
        self.person, self.client = person, person.app.test_client()
        self.key = make_key(person)
        self.other = log_in(self.client, person)
        (self.other_id,) = [each["id"] for each in self._sessions() if not each["is_current"]]

    def act(self, name: str, proof: dict[str, str], caller: Person | Key | None = None, **options: Any) -> Any:
        method, path, body, _ = ACTS[name]
        path = path.format(session_id=self.other_id)
        return (caller or self.person).open(path, method=method, json=body | proof or None, **options)

    def is_untouched(self) -> bool:
        """Whether both devices, the only key and the password are as they were."""
        keys = self.person.get("/auth/api-keys").json["data"]
        return (
            is_signed_in(self.client, self.other)
            and [key["id"] for key in keys] == [self.key.id]
            and bool(log_in(self.client, self.person))
        )

    def _sessions(self) -> Any:
        return self.person.get("/auth/sessions").json["data"]


@pytest.fixture
def scene(clock, make_person):
    return Scene(make_person("ada@example.com"))


def test_every_act_on_who_may_come_in_is_known_here(client):
    operations = operations_of(client.get("/openapi.json").json)
    asking = some(
        operation.document["operationId"]
        for operation in operations
        if "recent_sign_in_required" in operation.document.get("x-problem-codes", {}).get("403", [])
    )
    acts = {
        operation.document["operationId"]
        for operation in operations
        if "/auth/" in operation.path and operation.method != "get" and not operation.is_public
    }

    assert sorted(asking) == sorted(ASKING_OLD_SESSIONS)
    assert acts == {*ACTS, *HARMLESS}


@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_after_a_recent_sign_in_no_password_is_asked_for(scene, clock, name):
    clock.shift(TEN_MINUTES)

    response = scene.act(name, {})

    assert response.status_code == ACTS[name][3], response.json


@pytest.mark.parametrize("seconds", [0, TEN_MINUTES + 1])
@pytest.mark.parametrize("name", ACTS)
def test_with_the_password_every_session_may(scene, clock, name, seconds):
    clock.shift(seconds)

    response = scene.act(name, RIGHT)

    assert response.status_code == ACTS[name][3], response.json


@on_each_database
@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_an_old_session_is_told_what_to_do(scene, clock, name):
    clock.shift(TEN_MINUTES + 1)

    response = scene.act(name, {})

    problem = assert_problem(response, 403, "recent_sign_in_required")
    assert "`current_password`" in problem["detail"]
    assert "sign in again" in problem["detail"]
    assert scene.is_untouched()


@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_a_refresh_is_no_sign_in(scene, client, clock, name):
    clock.shift(TEN_MINUTES + 1)
    scene.person.tokens = refresh(client, scene.person.tokens["refresh_token"]).json

    response = scene.act(name, {})

    assert_problem(response, 403, "recent_sign_in_required")
    assert scene.is_untouched()


@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_signing_in_again_is_enough(scene, client, clock, name):
    clock.shift(TEN_MINUTES + 1)
    scene.person.tokens = log_in(client, scene.person)

    response = scene.act(name, {})

    assert response.status_code == ACTS[name][3], response.json


@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_a_clock_that_was_set_back_makes_no_sign_in_recent(scene, client, clock, name):
    clock.shift(3600)
    scene.person.tokens = log_in(client, scene.person)
    assert is_signed_in(client, scene.person.tokens)  # remembered from now on
    clock.shift(-3600)

    response = scene.act(name, {})

    clock.shift(3600)
    assert_problem(response, 403, "recent_sign_in_required")
    assert scene.is_untouched()


@on_each_database
@pytest.mark.parametrize("seconds", [0, TEN_MINUTES + 1])
@pytest.mark.parametrize("name", ACTS)
def test_a_wrong_password_is_refused_however_recent_the_sign_in(scene, clock, name, seconds):
    clock.shift(seconds)

    response = scene.act(name, WRONG)

    problem = assert_problem(response, 422, "wrong_password")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/current_password"]
    assert scene.is_untouched()


@pytest.mark.parametrize("value", ["", "x" * 129, f"{PASSWORD}\0", 1, None, [PASSWORD]])
@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_what_is_no_password_confirms_nothing(scene, clock, name, value):
    fresh = scene.act(name, {"current_password": value})
    clock.shift(TEN_MINUTES + 1)

    old = scene.act(name, {"current_password": value})

    assert assert_problem(fresh, 422, "invalid")["errors"][0]["pointer"] == "/current_password"
    assert_problem(old, 403, "recent_sign_in_required")
    assert scene.is_untouched()


@pytest.mark.parametrize("proof", [{}, RIGHT, WRONG])
@pytest.mark.parametrize("name", ACTS)
def test_a_key_may_do_none_of_it(scene, name, proof):
    response = scene.act(name, proof, scene.key)

    assert_problem(response, 403, "session_required")
    assert scene.is_untouched()


@pytest.mark.parametrize("name", ACTS)
def test_without_a_token_no_password_is_enough(scene, client, name):
    method, path, body, _ = ACTS[name]
    path = f"/api/v1{path.format(session_id=scene.other_id)}"

    response = client.open(path, method=method, json=body | RIGHT)

    assert_problem(response, 401, "unauthorized")
    assert scene.is_untouched()


@pytest.mark.parametrize("name", ASKING_OLD_SESSIONS)
def test_the_password_is_asked_for_before_the_body_is_judged(scene, clock, name):
    clock.shift(TEN_MINUTES + 1)

    response = scene.act(name, {"no_such_field": 1})

    assert_problem(response, 403, "recent_sign_in_required")


@pytest.mark.parametrize("seconds", [0, TEN_MINUTES + 1])
def test_a_replayed_key_is_shown_only_to_who_may_make_one(scene, clock, seconds):
    again = {"headers": {"Idempotency-Key": "one"}}
    made = scene.act("create_api_key", RIGHT, **again)
    clock.shift(seconds)

    right, wrong = (scene.act("create_api_key", proof, **again) for proof in (RIGHT, WRONG))

    assert right.json == made.json
    assert right.headers["Idempotency-Replayed"] == "true"
    assert_problem(wrong, 422, "wrong_password")


def test_the_password_is_no_part_of_the_key(scene):
    response = scene.act("create_api_key", RIGHT)

    assert PASSWORD not in response.get_data(as_text=True)
    assert "current_password" not in response.json


@pytest.mark.parametrize("session_id", [MISSING, "nonsense"])
def test_an_old_session_learns_nothing_of_other_ids(scene, clock, session_id):
    scene.other_id = session_id
    clock.shift(TEN_MINUTES + 1)

    response = scene.act("end_session", RIGHT)

    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize("seconds", [0, TEN_MINUTES + 1])
def test_an_old_session_may_end_itself(scene, clock, seconds):
    own = next(each["id"] for each in scene.person.get("/auth/sessions").json["data"] if each["is_current"])
    clock.shift(seconds)

    response = scene.person.delete(f"/auth/sessions/{own}")

    assert response.status_code == 204
    assert_problem(scene.person.get("/auth/me"), 401, "session_ended")


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_asks_for_nothing(scene, clock, name):
    acts = {
        "log_out": lambda: scene.person.post("/auth/logout"),
        "update_me": lambda: scene.person.patch("/auth/me", json={"display_name": "Ada"}),
        "revoke_api_key": lambda: scene.person.delete(f"/auth/api-keys/{scene.key.id}"),
    }
    clock.shift(TEN_MINUTES + 1)

    response = acts[name]()

    assert response.status_code in (200, 204)


def test_moving_the_test_clock_makes_no_sign_in_old(app, owner):
    app.test_cli_runner().invoke(args=["clock", "advance", "86400"])

    response = owner.post("/auth/api-keys", json={"name": "x", "scopes": ["read"]})

    assert response.status_code == 201

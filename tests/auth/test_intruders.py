"""A stranger who holds a token of the owner's is out as soon as the password is new, in every process."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner

from tests.auth.devices import is_signed_in, log_in, refresh
from tests.auth.keys import Key, make_key
from tests.auth.outbox import forget, reset
from tests.conftest import PASSWORD, Person
from tests.databases import on_each_database
from tiktok_api.cli.main import console
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings

NEW = "a longer horse battery"
AT_ONCE = 6


class Loot:
    """Everything that a stranger may hold of a person's: tokens of each age, of each device, and keys."""

    def __init__(self, person: Person) -> None:
        client = person.app.test_client()
        oldest = person.tokens
        newer = refresh(client, oldest["refresh_token"]).json
        newest = refresh(client, newer["refresh_token"]).json
        other = log_in(client, person)
        traded = refresh(client, other["refresh_token"]).json
        person.tokens = newest
        self.access = [oldest, newer, newest, other, traded]
        # Those just traded first: within their grace they would yield the live pair. A spent one ends its session.
        self.refresh = [newer, other, newest, traded, oldest]
        self.keys = [make_key(person) for _ in range(2)]

    def opens(self, app: Any) -> list[str]:
        """What of it opens anything, in a process."""
        client = app.test_client()
        keys = [Key(app, key.token).get("/auth/me").status_code for key in self.keys]
        found = [f"access token {number}" for number, each in enumerate(self.access) if is_signed_in(client, each)]
        found += [f"key {number}" for number, status in enumerate(keys) if status == 200]
        tried = [refresh(client, each["refresh_token"]).status_code for each in self.refresh]
        return found + [f"refresh token {number}" for number, status in enumerate(tried) if status == 200]


def change(person: Person, mail: Any) -> Any:
    body = {"current_password": PASSWORD, "new_password": NEW, "revoke_api_keys": True}
    return person.elsewhere().post("/auth/password", json=body)


def reset_by_email(person: Person, mail: Callable[[], str]) -> Any:
    return reset(person.app.test_client(), mail(), NEW)


def reset_by_operator(person: Person, mail: Any) -> Any:
    with person.app.app_context():
        done = CliRunner().invoke(console, ["users", "reset", person.email, "--password-stdin"], input=NEW)
    assert done.exit_code == 0, done.output


@pytest.fixture
def mail(client, owner, outbox, deliver) -> Callable[[], str]:
    """The token of an e-mail for a new password."""
    forget(client, owner.email)
    deliver()
    token = outbox.take().token
    return lambda: token


@pytest.fixture
def other_process(app, make_app):
    """Another process of the same server."""
    return make_app(database_url=services_of(app)[Settings].database_url)


@on_each_database
@pytest.mark.parametrize("act", [change, reset_by_email, reset_by_operator])
def test_nothing_opens_anything_once_the_password_is_new(owner, mail, other_process, act):
    before = Loot(owner).opens(other_process)
    owner.tokens = log_in(owner.client, owner)
    loot = Loot(owner)

    act(owner, mail)

    assert len(before) >= 9
    assert loot.opens(other_process) == []
    assert loot.opens(owner.app) == []


def test_a_reset_says_what_it_has_ended(owner, client, mail, outbox, deliver):
    for _ in range(2):
        make_key(owner)
    log_in(client, owner)

    response = reset_by_email(owner, mail)
    deliver()

    assert response.json == {"sessions_ended": 2, "api_keys_revoked": 2}
    text = " ".join(outbox.take().text.split())
    assert "Every device was signed out. API keys revoked: 2." in text
    owner.tokens = log_in(client, owner, password=NEW)
    entries = owner.get("/audit?action=password.reset").json["data"]
    assert [entry["detail"] for entry in entries] == [{"sessions": 2, "api_keys": 2}]
    assert len(owner.get("/audit?action=api_key.revoked").json["data"]) == 2


def test_a_stranger_keeps_what_is_theirs(owner, stranger, mail):
    key = make_key(stranger)

    reset_by_email(owner, mail)

    assert stranger.get("/auth/me").status_code == 200
    assert key.get("/auth/me").status_code == 200


def test_after_signing_out_a_traded_token_yields_nothing(client, owner):
    traded = owner.tokens["refresh_token"]
    owner.tokens = refresh(client, traded).json

    owner.post("/auth/logout")

    assert refresh(client, traded).status_code == 401
    assert refresh(client, owner.tokens["refresh_token"]).status_code == 401


@on_each_database
@pytest.mark.parametrize("act", [change, reset_by_email])
def test_a_token_traded_before_the_change_does_not_end_the_new_session(client, owner, mail, act):
    traded = owner.tokens["refresh_token"]
    owner.tokens = refresh(client, traded).json
    act(owner, mail)
    tokens = log_in(client, owner, password=NEW)

    refused = [refresh(client, token).status_code for token in (traded, owner.tokens["refresh_token"])]

    assert refused == [401, 401]
    assert is_signed_in(client, tokens)


@on_each_database
@pytest.mark.parametrize("act", [change, reset_by_email])
def test_a_refresh_at_the_same_moment_survives_nothing(app, client, owner, mail, act):
    devices = [owner.tokens, *(log_in(client, owner) for _ in range(AT_ONCE - 1))]

    def keep_refreshing(tokens: dict[str, Any]) -> list[dict[str, Any]]:
        got = [tokens]
        while len(got) < 40 and (answer := refresh(app.test_client(), got[-1]["refresh_token"])).status_code == 200:
            got.append(answer.json)
        return got

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        refreshing = [pool.submit(keep_refreshing, tokens) for tokens in devices]
        answer = pool.submit(act, owner, mail).result()
        held = [tokens for each in refreshing for tokens in each.result()]

    assert answer.status_code == 200
    assert len(held) >= AT_ONCE
    assert [tokens for tokens in held if is_signed_in(client, tokens)] == []
    assert {refresh(client, tokens["refresh_token"]).status_code for tokens in held} == {401}


@on_each_database
@pytest.mark.parametrize("act", [change, reset_by_email])
def test_a_key_made_at_the_same_moment_survives_nothing(app, owner, mail, act):
    thief = owner.elsewhere()

    def keep_making(_: int) -> list[str]:
        made = []
        while len(made) < 15:
            answer = thief.elsewhere().post("/auth/api-keys", json={"name": "x", "scopes": ["read"]})
            if answer.status_code != 201:
                break
            made.append(answer.json["token"])
        return made

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        making = [pool.submit(keep_making, number) for number in range(AT_ONCE)]
        answer = pool.submit(act, owner, mail).result()
        keys = [Key(app, token) for each in making for token in each.result()]

    assert answer.status_code == 200
    assert [key.token for key in keys if key.get("/auth/me").status_code != 401] == []


@on_each_database
def test_spent_tokens_that_end_their_sessions_do_not_hinder_a_reset(app, client, owner, mail):
    spent = []
    for _ in range(AT_ONCE):
        tokens = log_in(client, owner)
        refresh(client, refresh(client, tokens["refresh_token"]).json["refresh_token"])
        spent.append(tokens["refresh_token"])

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        tried = [pool.submit(lambda token=token: refresh(app.test_client(), token)) for token in spent]
        answer = pool.submit(reset_by_email, owner, mail).result()
        statuses = {each.result().status_code for each in tried}

    assert (answer.status_code, statuses) == (200, {401})


@on_each_database
def test_signing_in_with_the_old_password_at_the_same_moment_survives_nothing(app, client, owner, mail):
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        sign_in = {"email": owner.email, "password": PASSWORD}
        signing_in = [
            pool.submit(lambda: app.test_client().post("/api/v1/auth/login", json=sign_in)) for _ in range(AT_ONCE)
        ]
        reset_by_email(owner, mail)
        answers = [each.result() for each in signing_in]

    assert {answer.status_code for answer in answers} <= {200, 401}
    assert [answer for answer in answers if answer.status_code == 200 and is_signed_in(client, answer.json)] == []


@on_each_database
def test_of_a_change_and_a_reset_at_once_the_last_word_ends_the_other(app, client, owner, mail):
    loot = Loot(owner)
    body = {"current_password": PASSWORD, "new_password": "of the stranger who knows the old one"}
    with ThreadPoolExecutor(2) as pool:
        changing = pool.submit(owner.elsewhere().post, "/auth/password", json=body)
        resetting = pool.submit(reset_by_email, owner, mail)
        changed, done = changing.result(), resetting.result()

    assert (changed.status_code == 200) != (done.status_code == 200)  # a change also ends the token of the e-mail
    assert [tokens for tokens in loot.access if is_signed_in(client, tokens)] == []

"""API keys that are confined to some accounts: to them the others do not exist."""

from typing import Any
from uuid import uuid4

import pytest

from tests.auth.keys import Key, make_key
from tests.web.problems import assert_problem
from tiktok_api.composition.api import API_PREFIX


@pytest.fixture
def app(make_app, simulator_urls):
    """The usual application, with the simulator as TikTok."""
    return make_app(**simulator_urls)


@pytest.fixture
def hers(owner, connect_account) -> str:
    """The account that the key reaches."""
    return connect_account(owner, "ada")


@pytest.fixture
def other(owner, connect_account) -> str:
    """The owner's other account."""
    return connect_account(owner, "grace")


@pytest.fixture
def key(owner, hers, other) -> Key:
    return make_key(owner, account_ids=[hers])


@pytest.fixture
def draft(owner):
    """A draft of the owner's on these accounts."""

    def make(*account_ids: str) -> dict[str, Any]:
        response = owner.post("/posts", json={"targets": [{"account_id": each} for each in account_ids]})
        assert response.status_code == 201, response.json
        return dict(response.json)

    return make


def test_it_lists_its_accounts_only(key, hers):
    listed = key.get("/accounts?include_total=true").json

    assert [each["id"] for each in listed["data"]] == [hers]
    assert listed["total"] == 1


def test_no_operation_shows_it_another_account(app, key, hers, other):
    rules = [rule for rule in app.url_map.iter_rules() if "account_id" in rule.arguments and "GET" in rule.methods]
    paths = [rule.rule.removeprefix(API_PREFIX) for rule in rules if rule.arguments == {"account_id"}]

    def ask(account_id: str) -> dict[str, int]:
        return {path: key.get(path.replace("<uuid:account_id>", account_id)).status_code for path in paths}

    assert ask(other) == ask(str(uuid4()))
    answers = ask(other)
    assert (
        answers.pop("/pictures/avatars/<uuid:account_id>") == 403
    )  # opened by its signature, which the account's page names
    assert set(answers.values()) <= {404, 422}  # 422: the query is read before the account is looked for
    assert ask(hers)["/accounts/<uuid:account_id>"] == 200
    assert len(paths) >= 5


@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("DELETE", ""), ("POST", "/sync")])
def test_it_changes_no_other_account(owner, key, other, method, path):
    body = {"json": {"label": "taken"}} if method == "PATCH" else {}

    response = key.open(f"/accounts/{other}{path}", method=method, **body)

    assert_problem(response, 404, "not_found")
    assert owner.get(f"/accounts/{other}").json["label"] != "taken"


def test_a_confined_key_connects_no_account(owner, key):
    connection = owner.post("/accounts/connect", json={}).json

    assert_problem(key.post("/accounts/connect", json={}), 403, "key_confined")
    assert_problem(key.get(f"/accounts/connections/{connection['id']}"), 404, "not_found")


def test_it_sees_posts_that_go_to_its_accounts_alone(key, draft, hers, other):
    visible, elsewhere, both = draft(hers), draft(other), draft(hers, other)

    listed = key.get("/posts?include_total=true").json

    assert [each["id"] for each in listed["data"]] == [visible["id"]]
    assert listed["total"] == 1
    assert key.get(f"/posts/{visible['id']}").status_code == 200
    for hidden in (elsewhere, both):
        publication = hidden["targets"][0]["publication_id"]
        assert_problem(key.get(f"/posts/{hidden['id']}"), 404, "not_found")
        assert_problem(key.get(f"/posts/{hidden['id']}/publications"), 404, "not_found")
        assert_problem(key.get(f"/publications/{publication}"), 404, "not_found")
    assert key.get(f"/posts?account_id={other}").json["data"] == []


@pytest.mark.parametrize("act", ["schedule", "publish", "cancel", "retry"])
def test_it_acts_on_no_other_post(key, draft, other, act):
    post = draft(other)
    body = {"publish_at": "2099-01-01T00:00:00Z"} if act == "schedule" else None

    response = key.post(f"/posts/{post['id']}/{act}", json=body)

    assert_problem(response, 404, "not_found")


def test_it_posts_to_no_other_account(key, hers, other):
    allowed = key.post("/posts", json={"targets": [{"account_id": hers}]})
    moved = key.patch(f"/posts/{allowed.json['id']}", json={"targets": [{"account_id": other}]})

    response = key.post("/posts", json={"targets": [{"account_id": hers}, {"account_id": other}]})

    assert allowed.status_code == 201
    fault = assert_problem(response, 422)["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/targets/1/account_id", "unknown_account")
    assert_problem(moved, 422)


def test_a_post_of_a_disconnected_account_is_hidden_from_it(owner, key, draft, other):
    post = draft(other)

    owner.delete(f"/accounts/{other}")

    assert_problem(key.get(f"/posts/{post['id']}"), 404, "not_found")


def test_an_account_that_is_connected_again_is_another_account(owner, key, hers, connect_account):
    owner.delete(f"/accounts/{hers}")
    connect_account(owner, "ada")

    assert key.get("/accounts").json["data"] == []


def test_a_key_cannot_be_confined_to_a_strangers_account(owner, stranger, hers):
    answers = [
        stranger.post("/auth/api-keys", json={"name": "x", "scopes": ["read"], "account_ids": [each]})
        for each in (hers, str(uuid4()))
    ]

    for answer in answers:
        fault = assert_problem(answer, 422, "unknown_account")["errors"][0]
        assert fault["pointer"] == "/account_ids/0"

"""No secret that a client sends is in the log, on every operation there is, whatever its level and however the request ends."""

import json
import re
from typing import Any

import pytest

from tests.contract.example_requests import example_body
from tests.contract.operations import MISSING, Operation, operations_of
from tests.web.log_lines import lines, requests_in

SECRET = "s3cr3t"
JWT = f"eyJ{SECRET}.eyJ{SECRET}.{SECRET}"
PLACES = ["path", "query", "header", "body"]


@pytest.fixture
def app(make_app, simulator_urls):
    app = make_app(log_level="DEBUG", **simulator_urls)
    app.config["PROPAGATE_BUGS"] = False
    return app


@pytest.fixture
def operations(app) -> list[Operation]:
    return operations_of(app.test_client().get("/openapi.json").json)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_known", [True, False], ids=["a person", "a stranger"])
def test_no_secret_of_a_request_is_in_its_lines(app, owner, operations, capsys, place, is_known):
    capsys.readouterr()
    asked = 0

    for operation in operations:
        headers: dict[str, str] = {}
        options: dict[str, Any] = {"headers": headers} | example_body(operation)
        if is_known:
            headers["Authorization"] = f"Bearer {owner.elsewhere().tokens['access_token']}"
        if operation.path.endswith("/auth/logout") or (operation.method, operation.path.split("/")[-1]) == (
            "delete",
            "me",
        ):
            continue  # the person would be signed out
        path = re.sub(r"{\w+}", SECRET if place == "path" else MISSING, operation.path)
        _plant(place, options)
        app.test_client().open(path, method=operation.method.upper(), **options).get_data()
        asked += 1

    printed = capsys.readouterr().err
    assert asked > 40
    assert len([line for line in requests_in(printed) if line["route"] != "/openapi.json"]) == asked
    assert [line for line in lines(printed) if SECRET in json.dumps(line)] == []
    assert owner.tokens["access_token"] not in printed


def _plant(place: str, options: dict[str, Any]) -> None:
    """Put secrets where clients have them."""
    if place == "query":
        names = ("token", "code", "state", "signature", "X-Amz-Signature", "password", "access_token", "anything")
        options["query_string"] = {name: f"{SECRET}-{name}" for name in names}
    elif place == "header":
        options["headers"] |= {
            "Authorization": f"Bearer {JWT}",
            "Cookie": f"session={SECRET}",
            "X-Api-Key": f"tk_{SECRET}",
            "Idempotency-Key": SECRET,
            "Referer": f"https://example.com/?token={SECRET}",
            "User-Agent": SECRET,
            "TikTok-Signature": f"t=1,s={SECRET}",
            "Upload-Metadata": f"filename {SECRET}",
            "If-None-Match": f'"{SECRET}"',
            "X-Forwarded-For": SECRET,
        }
    elif place == "body":
        if "json" in options:
            options["json"] = _with_secrets(options["json"])
        else:
            options["data"] = f'{{"password": "{SECRET}"'.encode()
            options.setdefault("content_type", "application/json")


def _with_secrets(value: Any) -> Any:
    """Every text replaced by a secret of its length or more."""
    if isinstance(value, dict):
        return {key: _with_secrets(inner) for key, inner in value.items()} | {"unknown": SECRET}
    if isinstance(value, list):
        return [_with_secrets(inner) for inner in value]
    if isinstance(value, str):
        return (
            f"{SECRET}@example.com"
            if "@" in value
            else f"https://{SECRET}.example.com/"
            if "://" in value
            else SECRET * 3
        )
    return value


def test_signing_in_and_up_leaves_no_password_and_no_token_in_the_log(app, capsys):
    client, account = app.test_client(), {"email": "new@example.com", "password": f"{SECRET} horse battery staple"}
    signed_up = client.post("/api/v1/auth/register", json=account).json
    signed_in = client.post("/api/v1/auth/login", json=account).json
    client.post("/api/v1/auth/login", json=account | {"password": f"{SECRET} wrong"})
    refreshed = client.post("/api/v1/auth/refresh", json={"refresh_token": signed_in["refresh_token"]}).json
    client.post("/api/v1/auth/password/reset", json={"token": SECRET * 3, "password": f"{SECRET} another one"})

    printed = capsys.readouterr().err

    assert len(requests_in(printed)) >= 5
    assert SECRET not in printed
    for pair in (signed_up, signed_in, refreshed):
        assert pair["access_token"] not in printed
        assert pair["refresh_token"] not in printed


def test_connecting_an_account_leaves_no_code_no_state_and_no_token_in_the_log(
    app, owner, simulator, connect_account, capsys
):
    connect_account(owner, "ada")

    printed = capsys.readouterr().err

    callbacks = [line for line in requests_in(printed) if line["route"].endswith("/accounts/callback")]
    assert callbacks
    assert not re.search(r"code=|state=|act\.|rft\.", printed)

"""What a thief of the database, the logs or an answer finds."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from tests import oauth_consent
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.db import transaction


def everything_in(database_url):
    file = Path(database_url.removeprefix("sqlite:///"))
    return b"".join(part.read_bytes() for part in file.parent.glob(file.name + "*"))


@pytest.fixture
def app(make_app, simulator_urls):
    """An application that logs everything it can."""
    return make_app(log_level="DEBUG", **simulator_urls)


def test_no_token_code_verifier_or_state_is_kept_in_clear(scene, database_url, capsys):
    owner, simulator = scene.owner, scene.simulator
    begun = oauth_consent.begin(owner)
    state = parse_qs(urlsplit(begun["authorize_url"]).query)["state"][0]
    location = simulator.control.consent(begun["authorize_url"], "ada")
    oauth_consent.come_back(owner, location)
    left, kept = scene.account_id, scene.connect(owner, "grace")
    secrets = [*simulator.world.access_tokens, *simulator.world.refresh_tokens]
    scene.pass_time(days=1)
    answers = [owner.get(f"/accounts/{kept}/creator-info").text, owner.get("/accounts").text]
    secrets += [*simulator.world.access_tokens, *simulator.world.refresh_tokens]
    answers += [owner.delete(f"/accounts/{left}").text]

    code = parse_qs(urlsplit(location).query)["code"][0]
    places = {
        "database": everything_in(database_url),
        "logs": capsys.readouterr().err.encode(),
        "answers": "".join(answers).encode(),
    }

    assert len(set(secrets)) >= 6
    for secret in (*secrets, state, code, "sim-client-secret-0001"):
        assert [place for place, content in places.items() if secret.encode() in content] == []
    assert b"ada" in places["database"]
    assert b"tiktok.response" in places["logs"]


def test_an_encrypted_token_moved_to_another_account_cannot_be_decrypted(app, owner, connect_account, vault):
    ada, _grace = connect_account(owner, "ada"), connect_account(owner, "grace")
    with app.app_context(), transaction() as session:
        session.execute(
            text(
                "update accounts set access_token_encrypted ="
                " (select access_token_encrypted from accounts where username = 'grace') where username = 'ada'"
            )
        )

    with pytest.raises(AccountNeedsReconnection):
        vault.token(ada)

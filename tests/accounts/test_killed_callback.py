"""The server is killed between TikTok's tokens and our commit: the code is used up, and the person connects again."""

from urllib.parse import urlsplit

import pytest
import requests

from tests import oauth_consent
from tests.media.server_process import Server, environment_of
from tests.servers import wait_until


@pytest.fixture
def server(database_url, simulator, tmp_path):
    environment = environment_of(
        database_url,
        tmp_path,
        TIKTOK_API_URL=simulator.url,
        TIKTOK_AUTHORIZE_URL=f"{simulator.url}/v2/auth/authorize/",
        TIKTOK_APP_TYPE="desktop",
        TIKTOK_ALLOW_HTTP="true",
        ALLOW_TEST_CLOCK="true",
    )
    with Server(environment, tmp_path / "log") as running:
        yield running


def test_a_callback_that_was_cut_off_costs_another_attempt_and_nothing_else(owner, simulator, server, pass_time):
    begun = oauth_consent.begin(owner)
    location = urlsplit(simulator.control.consent(begun["authorize_url"], "ada"))
    url = f"{server.url}{location.path}?{location.query}"
    simulator.control.mischief("token", "delay", when="after", delay_seconds=3)
    with pytest.raises(requests.RequestException):
        requests.get(url, timeout=1)
    wait_until(lambda: simulator.world.refresh_tokens)
    server.kill()
    server.start()

    again = requests.get(url, timeout=30)

    assert (again.status_code, "TikTok has not answered yet" in again.text) == (202, True)
    connection = f"/accounts/connections/{begun['id']}"
    assert owner.get(connection).json["status"] == "pending"
    pass_time(seconds=61)
    assert owner.get(connection).json["reason"] == "interrupted"
    again = requests.get(url, timeout=30)
    assert (again.status_code, "interrupted" in again.text) == (400, True)
    assert owner.get("/accounts").json["data"] == []
    assert oauth_consent.connect(simulator, owner, "ada")["status"] == "connected"

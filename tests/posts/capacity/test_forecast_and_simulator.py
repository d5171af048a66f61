"""The forecast names exactly those inits that the simulator refuses when nothing is held."""

import random
from collections.abc import Iterator
from datetime import datetime

import pytest
import requests

from tests.simulator.app_client import AppClient, ConnectedAccount, whole
from tiktok_api.posts.capacity.forecast import Allowed, Past, PlannedInit, refusals_of

CREATORS = ("ada", "grace", "katherine", "linus")
CODES = {
    "spam_risk_too_many_posts": "creator_cap_reached",
    "reached_active_user_cap": "app_cap_reached",
    "spam_risk_too_many_pending_share": "inbox_shares_pending",
    "rate_limit_exceeded": "inits_per_minute",
}


@pytest.fixture
def accounts(simulator) -> Iterator[dict[str, ConnectedAccount]]:
    simulator.control.knobs(
        inspect_media=False, processing_seconds=0.0, access_token_seconds=10**7, growth=False, post_cap=4
    )
    simulator.control.change_app("awsimclient0001", active_user_cap=3)
    with requests.Session() as session:
        session.trust_env = False
        client = AppClient(simulator, session)
        yield {creator: client.connect(creator) for creator in CREATORS}


def send(account: ConnectedAccount, is_direct: bool) -> str:
    answer = account.init(whole(9), privacy_level="SELF_ONLY") if is_direct else account.init_inbox(whole(9))
    code = str(answer.json()["error"]["code"])
    if code == "ok":
        account.put(answer.json()["data"]["upload_url"], bytes(9))
    return code


@pytest.mark.parametrize("seed", [1, 2])
def test_exactly_those_are_named_that_the_simulator_refuses(simulator, accounts, seed):
    chance = random.Random(seed)
    codes = []
    for _ in range(160):
        simulator.control.advance(chance.choice([0.01, 5.0, 1800.0, 7200.0]))
        codes.append(send(accounts[chance.choice(CREATORS)], chance.random() < 0.7))

    called = [each for each in simulator.control.requests() if each["endpoint"] in ("video_init", "inbox_init")]
    inits = [
        PlannedInit(datetime.fromisoformat(each["at"]), each["username"], each["endpoint"] == "video_init", key=number)
        for number, each in enumerate(called)
    ]
    found = refusals_of(inits, Past(), Allowed(creator_posts=4, app_creators=3))

    refused = [(number, CODES[code]) for number, code in enumerate(codes) if code != "ok"]
    assert [(refusal.init.key, refusal.cap.value) for refusal in found] == refused
    assert {reason for _, reason in refused} >= {"creator_cap_reached", "app_cap_reached", "inbox_shares_pending"}

"""A callback that is opened twice (reload, prefetch, double click) shows what the first one did."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import oauth_consent
from tests.servers import wait_until


def consent(simulator, begun, creator="ada", **options):
    return simulator.control.consent(begun["authorize_url"], creator, **options)


def page_of(answer):
    return answer.status_code, answer.text, answer.location


def test_a_reload_shows_that_the_account_is_connected(owner, simulator):
    begun = oauth_consent.begin(owner)
    location = consent(simulator, begun)

    pages = [page_of(oauth_consent.come_back(owner, location)) for _ in range(3)]

    assert pages[0][0] == 200
    assert pages[1:] == pages[:1] * 2
    assert len(simulator.control.requests(endpoint="token")) == 1
    assert len(owner.get("/accounts").json["data"]) == 1


def test_a_reload_goes_back_to_the_client_with_the_same_words(owner, simulator):
    begun = oauth_consent.begin(owner, return_url="http://127.0.0.1:8080/done")
    location = consent(simulator, begun)

    first, second = (oauth_consent.come_back(owner, location) for _ in range(2))

    assert first.location.endswith("status=connected")
    assert page_of(second) == page_of(first)


def test_a_reload_of_a_failure_shows_the_same_failure(owner, simulator, subtests):
    for effect, reason in [({"allow": False}, "access_denied"), ({}, "tiktok_refused")]:
        with subtests.test(reason=reason):
            begun = oauth_consent.begin(owner)
            location = consent(simulator, begun, **effect)
            simulator.control.mischief("token", "status", status=400, code="invalid_client")

            first, second = (oauth_consent.come_back(owner, location) for _ in range(2))

            assert (first.status_code, reason in first.text) == (400, True)
            assert page_of(second) == page_of(first)


def test_another_code_with_a_used_state_changes_nothing(owner, simulator):
    begun = oauth_consent.begin(owner)
    first = oauth_consent.come_back(owner, consent(simulator, begun))
    state = parse_qs(urlsplit(begun["authorize_url"]).query)["state"][0]

    for brought in ("code=another", "error=access_denied", ""):
        again = owner.client.get(f"/api/v1/accounts/callback?state={state}&{brought}")
        assert page_of(again) == page_of(first)

    assert len(simulator.control.requests(endpoint="token")) == 1
    assert owner.get(f"/accounts/connections/{begun['id']}").json["status"] == "connected"


def test_of_many_at_once_one_asks_tiktok_and_all_show_the_same(owner, simulator):
    begun = oauth_consent.begin(owner)
    location = consent(simulator, begun)
    simulator.control.mischief("token", "delay", delay_seconds=0.5)
    people = [owner.elsewhere() for _ in range(6)]

    with ThreadPoolExecutor(len(people)) as pool:
        pages = list(pool.map(lambda person: page_of(oauth_consent.come_back(person, location)), people))

    assert pages[0][0] == 200
    assert set(pages) == {pages[0]}
    assert len(simulator.control.requests(endpoint="token")) == 1


@pytest.mark.parametrize("return_url", [None, "http://127.0.0.1:8080/done"])
def test_while_tiktok_is_slow_the_second_callback_says_so(owner, simulator, return_url):
    begun = oauth_consent.begin(owner, return_url=return_url)
    location = consent(simulator, begun)
    simulator.control.mischief("token", "delay", delay_seconds=12)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(oauth_consent.come_back, owner.elsewhere(), location)
        wait_until(lambda: simulator.control.requests(endpoint="token"))

        second = oauth_consent.come_back(owner, location)

        assert not first.done()
        if return_url is None:
            assert (second.status_code, second.headers["Refresh"]) == (202, "2")
            assert "TikTok has not answered yet" in second.text
        else:
            assert second.location.endswith("status=pending")
        assert first.result().status_code in (200, 302)
    assert page_of(oauth_consent.come_back(owner, location)) == page_of(first.result())


def test_an_account_that_was_disconnected_since_is_not_shown_as_connected(owner, simulator):
    begun = oauth_consent.begin(owner)
    location = consent(simulator, begun)
    oauth_consent.come_back(owner, location)
    [account] = owner.get("/accounts").json["data"]
    owner.delete(f"/accounts/{account['id']}")

    again = oauth_consent.come_back(owner, location)

    assert (again.status_code, "link_not_valid" in again.text) == (400, True)

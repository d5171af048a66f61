"""The control API and its page serve programs and the page itself, and refuse other web pages."""

import re

import pytest
import requests

from tests.simulator.simulator_process import started
from tiktok_api.simulator import create_simulator

FORM = "application/x-www-form-urlencoded"
CHANGES = [
    ("POST", "/v1/reset"),
    ("POST", "/v1/clock"),
    ("PATCH", "/v1/knobs"),
    ("POST", "/v1/mischief"),
    ("POST", "/v1/settle"),
    ("POST", "/v1/webhooks"),
    ("POST", "/v1/videos"),
    ("PATCH", "/v1/creators/ada"),
    ("POST", "/v1/creators/newton"),
    ("POST", "/v1/creators/ada/disconnect"),
    ("POST", "/v1/apps/another"),
    ("PATCH", "/v1/apps/awsimclient0001"),
]
FORMS = ["/reset", "/clock", "/knobs", "/mischief", "/creators/ada", "/videos/1/take-down", "/publications/x/complete"]
FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.example"},
    {"Host": "evil.example:8090"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "[::1"},
]


@pytest.fixture
def base(tiktok):
    return f"{tiktok.url}/_simulator"


@pytest.fixture
def untouched(tiktok):
    """Change the world, and check at the end that the change is still there."""
    tiktok.control.change_creator("ada", bio="not reset")
    yield
    assert tiktok.control.creator("ada")["bio"] == "not reset"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_requests_from_other_sites_are_refused(base, session, untouched, headers):
    kinds = [session.request(method, base + path, json={}, headers=headers).status_code for method, path in CHANGES]
    kinds += [session.post(base + path, data={"advance_seconds": "1"}, headers=headers).status_code for path in FORMS]
    kinds += [session.delete(f"{base}/v1/{what}", headers=headers).status_code for what in ("mischief", "requests")]

    assert set(kinds) == {403}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_reading_from_other_sites_is_refused(base, session, headers):
    for path in ("/v1/state", "/v1/apps", "/v1/requests", "/"):
        assert session.get(base + path, headers=headers).status_code == 403


@pytest.mark.parametrize("content_type", [FORM, "multipart/form-data; boundary=x", "text/plain", None])
def test_a_request_that_a_form_can_send_is_refused(base, session, untouched, content_type):
    for method, path in CHANGES:
        request = requests.Request(method, base + path, data=b'{"a": 1}').prepare()
        request.headers.pop("Content-Type", None)
        if content_type:
            request.headers["Content-Type"] = content_type
        answer = session.send(request)
        assert (answer.status_code, "application/json" in answer.json()["error"]) == (415, True)


def test_a_request_without_a_body_must_declare_json_too(base, session, untouched):
    assert session.post(f"{base}/v1/reset").status_code == 415
    assert session.post(f"{base}/v1/reset", headers={"Content-Type": FORM}).status_code == 415


def test_programs_and_the_own_origin_are_served(tiktok, base, session):
    own = {"Origin": tiktok.url, "Sec-Fetch-Site": "same-origin"}

    assert session.post(f"{base}/v1/clock", json={}).status_code == 200
    assert session.post(f"{base}/v1/clock", json={}, headers=own).status_code == 200
    assert session.delete(f"{base}/v1/mischief").status_code == 200
    for host in ("localhost:8090", "127.0.0.1", "[::1]:8090", "10.0.0.7:8090", "tiktok.localhost"):
        assert session.get(f"{base}/v1/clock", headers={"Host": host}).status_code == 200


def test_a_link_to_the_page_may_be_followed_but_no_frame_may_show_it(base, session):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    page = session.get(f"{base}/", headers=link)

    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert session.get(f"{base}/", headers={**link, "Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_the_forms_of_the_page_work_with_its_token_alone(tiktok, base, session):
    browser = {"Origin": tiktok.url, "Sec-Fetch-Site": "same-origin", "Referer": f"{base}/"}
    page = session.get(f"{base}/").text
    forms = page.count("<form method")
    [(name, token)] = set(re.findall(r'<input type="hidden" name="(\w+)" value="([\w-]+)">', page))
    tiktok.control.change_creator("ada", bio="not reset")

    refused = [session.post(f"{base}{path}", data={}, headers=browser).status_code for path in FORMS]
    wrong = session.post(f"{base}/reset", data={name: token[:-1]}, headers=browser).status_code
    before = tiktok.control.creator("ada")["bio"]
    done = session.post(f"{base}/reset", data={name: token}, headers=browser)

    assert page.count(token) == forms >= 5
    assert (set(refused), wrong, before) == ({403}, 403, "not reset")
    assert (done.status_code, tiktok.control.creator("ada")["bio"]) == (200, "Engines and poetry.")


def test_another_page_cannot_decide_on_the_consent_page(client, session):
    form = {"creator": "ada", "decision": "allow", "scopes": "user.info.basic"}

    foreign = session.post(
        client.authorize_url(), data=form, headers={"Origin": "http://evil.example"}, allow_redirects=False
    )
    own = session.post(client.authorize_url(), data=form, headers={"Origin": client.tiktok.url}, allow_redirects=False)

    assert (foreign.status_code, "Location" in foreign.headers) == (200, False)
    assert own.status_code == 302


def test_a_host_name_can_be_allowed(session):
    with started("--allow-host", "Simulator") as process:
        url = f"{process.url}/_simulator/v1/clock"
        answers = [session.get(url, headers={"Host": host}).status_code for host in ("simulator:8090", "other:8090")]
        process.stop()

    assert answers == [200, 403]


def test_a_wsgi_application_has_the_same_checks():
    app = create_simulator()
    try:
        client = app.test_client()
        assert client.post("/_simulator/v1/reset", json={}).status_code == 200
        assert client.post("/_simulator/v1/reset", data={"x": "1"}).status_code == 415
        assert (
            client.post("/_simulator/v1/reset", json={}, headers={"Origin": "http://evil.example"}).status_code == 403
        )
    finally:
        app.extensions["world"].close()

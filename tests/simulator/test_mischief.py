"""Mischief: each effect, at the nth call, for whom it is meant."""

import socket
from urllib.parse import urlsplit

import pytest
import requests

from tests.simulator import footage
from tests.simulator.driving import chunks, code_of, whole
from tiktok_api.simulator import CommandRefused


def info(account):
    return account.get("/user/info/", fields="open_id")


def test_a_status_with_envelope_has_no_effect(client, ada):
    client.control.mischief("video_init", "status", status=503)

    refused, passed = ada.init(whole(9)), ada.init(whole(9))

    assert code_of(refused) == (503, "internal_error")
    assert refused.json()["error"]["log_id"]
    assert code_of(passed) == (200, "ok")
    assert len(client.control.publications()) == 1


def test_a_status_after_the_effect(client, ada):
    client.control.mischief("video_init", "status", status=502, when="after", envelope=False)

    answer = ada.init(whole(9))

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "<html>" in answer.text
    assert len(client.control.publications()) == 1


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        (429, "", "rate_limit_exceeded"),
        (500, "", "internal_error"),
        (401, "access_token_invalid", "access_token_invalid"),
    ],
)
def test_codes_of_a_status(client, ada, status, code, shown):
    client.control.mischief("user_info", "status", status=status, code=code)

    assert code_of(info(ada)) == (status, shown)


def test_oauth_endpoints_refuse_in_their_own_shape(client, ada):
    client.control.mischief("refresh", "status", status=503)

    answer = client.refresh(ada.tokens["refresh_token"])

    assert (answer.status_code, answer.json()["error"]) == (503, "server_error")
    assert "access_token" in client.refresh(ada.tokens["refresh_token"]).json()


def test_garbage_is_no_json_and_comes_after_the_effect(client, ada):
    client.control.mischief("video_init", "garbage")

    answer = ada.init(whole(9))

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(client.control.publications()) == 1


def test_a_connection_dropped_before_the_effect(client, ada):
    client.control.mischief("video_init", "drop_before")

    with pytest.raises(requests.ConnectionError):
        ada.init(whole(9))
    assert client.control.publications() == []
    assert client.control.requests(endpoint="video_init")[0]["mischief"] == "drop before"


def test_a_connection_dropped_after_the_effect(client, ada):
    client.control.mischief("refresh", "drop_after")

    with pytest.raises(requests.ConnectionError):
        client.refresh(ada.tokens["refresh_token"])
    assert client.refresh(ada.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_answer_cut_in_the_middle(client, ada):
    client.control.mischief("user_info", "cut")

    with pytest.raises(requests.RequestException):
        info(ada)
    assert info(ada).status_code == 200


def test_a_slow_answer_comes_byte_by_byte_and_whole(client, ada):
    client.control.mischief("user_info", "slow", seconds_per_byte=0.0001)

    assert info(ada).json()["data"]["user"] == {"open_id": ada.tokens["open_id"]}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay_outlasts_an_impatient_client(client, ada, session, when):
    client.control.mischief("video_init", "delay", delay_seconds=1, when=when)
    body = {"post_info": {"privacy_level": "SELF_ONLY"}, "source_info": whole(9)}
    url = f"{client.tiktok.url}/v2/post/publish/video/init/"

    with pytest.raises(requests.ReadTimeout):
        session.post(url, json=body, headers=ada.headers, timeout=0.1)

    assert client.control.requests(endpoint="video_init")[0]["mischief"] == f"delay {when}"


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({}, [1]),
        ({"nth": 3}, [3]),
        ({"nth": 2, "times": 2}, [2, 3]),
        ({"nth": 2, "every": True}, [2, 3, 4]),
    ],
    ids=["first", "third", "second-and-third", "every-from-second"],
)
def test_which_calls_are_struck(client, ada, rule, struck):
    client.control.mischief("user_info", "status", **rule)

    statuses = [info(ada).status_code for _ in range(4)]

    assert [number for number, status in enumerate(statuses, 1) if status == 500] == struck
    assert client.control.mischiefs()[0]["fired"] == len(struck)


def test_a_rule_may_be_for_one_creator_or_one_app(client, web_client, ada):
    grace, elsewhere = client.connect("grace"), web_client.connect("grace")
    client.control.mischief("user_info", "status", username="grace", client_key=client.client_key, every=True)

    assert [info(account).status_code for account in (ada, grace, elsewhere)] == [200, 500, 200]


def test_a_rule_finds_the_creator_of_codes_refreshes_and_uploads(client, ada):
    client.control.mischief("token", "status", username="grace", status=599)
    client.control.mischief("refresh", "status", username="ada", status=598)
    client.control.mischief("upload", "status", username="ada", status=597)

    assert client.exchange(client.consent("grace")["code"]).status_code == 599
    assert client.refresh(ada.tokens["refresh_token"]).status_code == 598
    assert ada.put(ada.init(whole(9)).json()["data"]["upload_url"], b"123456789").status_code == 597


@pytest.mark.parametrize("status", [None, 500])
def test_an_upload_struck_at_a_byte_stores_nothing_of_the_chunk(client, ada, status):
    media = footage.padded(footage.video(), 10_000_000)
    data = ada.init(chunks(len(media), 5_000_000, 2)).json()["data"]
    rule = {"effect": "drop"} if status is None else {"effect": "status", "status": status}
    client.control.mischief("upload", nth=2, at_byte=2_500_000, **rule)

    first = ada.put(data["upload_url"], media[:5_000_000], 0, len(media))
    if status is None:
        with pytest.raises(requests.ConnectionError):
            ada.put(data["upload_url"], media[5_000_000:], 5_000_000, len(media))
    else:
        assert ada.put(data["upload_url"], media[5_000_000:], 5_000_000, len(media)).status_code == status
    seen = ada.status(data["publish_id"])["uploaded_bytes"]
    again = ada.put(data["upload_url"], media[5_000_000:], 5_000_000, len(media))

    assert (first.status_code, seen, again.status_code) == (206, 5_000_000, 201)
    assert client.control.media(data["publish_id"]) == media


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 9)])
def test_an_upload_dropped_before_or_after_it_was_stored(client, ada, when, left):
    data = ada.init(whole(9)).json()["data"]
    client.control.mischief("upload", "drop", when=when)

    with pytest.raises(requests.ConnectionError):
        ada.put(data["upload_url"], b"123456789")
    assert client.control.publication(data["publish_id"])["received_bytes"] == left


def test_a_client_that_dies_in_the_middle_of_a_chunk_leaves_nothing(client, ada):
    media = footage.padded(footage.video(), 10_000_000)
    data = ada.init(chunks(len(media), 5_000_000, 2)).json()["data"]
    parts = urlsplit(data["upload_url"])
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: video/mp4\r\n"
        "Content-Length: 5000000\r\nContent-Range: bytes 0-4999999/10000000\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(head.encode() + media[:1_000_000])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65_536)

    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert client.control.publication(data["publish_id"])["received_bytes"] == 0
    assert ada.put(data["upload_url"], media[:5_000_000], 0, len(media)).status_code == 206


@pytest.mark.parametrize("effect", ["status", "drop"])
def test_a_pull_can_be_made_to_fail(client, ada, host, effect):
    client.control.mischief("pull", effect, username="ada")
    publish_id = ada.init_photos(host.host("/a.jpg", footage.photo())).json()["data"]["publish_id"]
    client.control.settle()

    assert ada.status(publish_id)["fail_reason"] == "photo_pull_failed"
    assert host.fetched == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"endpoint": "moon", "effect": "drop"}, "endpoint is one of"),
        ({"endpoint": "token", "effect": "explode"}, "effect is one of"),
        ({"endpoint": "token", "effect": "drop", "when": "never"}, "before or after"),
        ({"endpoint": "token", "effect": "drop", "nth": 0}, "from 1"),
        ({"endpoint": "token", "effect": "drop", "at_byte": 5}, "at_byte"),
        ({"endpoint": "token", "effect": "drop", "colour": "red"}, "colour"),
        ({"endpoint": "token", "effect": "drop", "fired": 7}, "fired"),
        ({"endpoint": "token", "effect": "status", "status": "abc"}, "status is"),
        ({"endpoint": "token", "effect": "status", "status": 99}, "200 to 599"),
        ({"endpoint": "token", "effect": "status", "message": 7}, "message is"),
        ({"endpoint": "token", "effect": "delay", "delay_seconds": "x"}, "delay_seconds is"),
        ({"endpoint": "token", "effect": "delay", "delay_seconds": -1}, "at least 0"),
        ({"endpoint": "token", "effect": "slow", "seconds_per_byte": float("nan")}, "at least 0"),
        ({"endpoint": "token", "effect": "drop", "nth": 1.5}, "nth is"),
        ({"endpoint": "token", "effect": "drop", "every": 1}, "every is"),
    ],
)
def test_rules_that_make_no_sense_are_refused(client, rule, reason):
    with pytest.raises(CommandRefused, match=reason):
        client.control.mischief(**rule)


def test_rules_can_be_taken_back(client, ada):
    client.control.mischief("user_info", "status", every=True)
    client.control.call("DELETE", f"/mischief/{client.control.mischief('user_info', 'drop', every=True)}")
    still = info(ada).status_code
    client.control.clear_mischief()

    assert (still, info(ada).status_code) == (500, 200)
    with pytest.raises(CommandRefused, match="no such rule"):
        client.control.call("DELETE", "/mischief/99")

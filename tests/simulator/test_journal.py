"""The journal: what was asked, bounded, and without a secret wherever a client puts it."""

import json

from tests.simulator import footage
from tests.simulator.driving import whole
from tiktok_api.simulator.models.journal import MOST_BYTES, MOST_ENTRIES, Abridger, Journal

MEGABYTE = 1_000_000


def size(entries):
    return len(json.dumps(entries))


def test_a_body_is_cut_and_its_real_length_said(client, ada):
    post_info = {"title": "x" * 2_000, "privacy_level": "SELF_ONLY", "moon": "m" * (MEGABYTE - 5_000)}
    body = {"post_info": post_info, "source_info": whole(9)}

    assert ada.post("/post/publish/video/init/", body).status_code == 200

    [entry] = client.control.requests(endpoint="video_init")
    assert entry["body_bytes"] > MEGABYTE - 5_000
    assert entry["body"]["post_info"]["title"] == "x" * 2_000
    assert f"({MEGABYTE - 5_000} characters)" in entry["body"]["post_info"]["moon"]
    assert size(entry) < 20_000


def test_sixty_large_requests_are_no_sixty_megabytes(client, ada):
    body = {f"field {number}": "x" * 9_000 for number in range(100)}
    for _ in range(60):
        ada.post("/video/query/", body, fields="id")

    entries = client.control.requests(endpoint="video_query")
    assert len(entries) == 60
    assert size(entries) < 60 * 20_000
    assert all(entry["body_bytes"] > 900_000 for entry in entries)


def test_the_body_of_an_upload_is_not_kept_at_all(client, ada):
    ada.publish(footage.padded(footage.video(), 6_000_000))

    [entry] = client.control.requests(endpoint="upload")
    assert entry["body"] == {}
    assert entry["body_bytes"] == 6_000_000


def test_entries_and_bytes_are_bounded_and_the_newest_stay():
    journal = Journal()
    for number in range(MOST_ENTRIES + 500):
        journal.open(endpoint="x", place=number)
    assert len(journal.read()) == MOST_ENTRIES
    assert journal.read()[-1]["number"] == MOST_ENTRIES + 500
    for number in range(4_000):
        journal.open(endpoint="x", place=number, body="y" * 8_000)

    entries = journal.read()
    assert entries[-1]["place"] == 3_999
    assert len(entries) > 1_000
    assert sum(size(entry) for entry in entries) < MOST_BYTES * 1.1


def test_a_secret_is_struck_out_wherever_it_stands(client, ada):
    token, secret = ada.tokens["access_token"], client.client_secret
    refresh = ada.tokens["refresh_token"]
    code = client.consent("ada")["code"]
    url = ada.init(whole(9)).json()["data"]["upload_url"]
    upload_token = url.rpartition("=")[2]
    body = {
        "publish_id": token,
        "Access_Token": token,
        "inner": {"client_secret": "another one", "list": [refresh, {"code": code}, f"see {url} and {secret}"]},
        f"key {token}": 1,
        "long": "x" * 2_450 + token,
    }
    ada.post("/post/publish/status/fetch/", body, access_token=token, q=f"{secret}-{refresh}", u=url)
    client.session.post(f"{client.tiktok.url}/v2/{token}/", data=json.dumps(body))
    client.token(grant_type=secret, client_key=secret, refresh_token=refresh)

    journal = json.dumps(client.control.requests(), ensure_ascii=False)
    for hidden in (token, secret, refresh, code, upload_token, "another one"):
        assert hidden not in journal
        assert hidden[:20] not in journal.replace("sim-client-secret-0", "")
    assert "[redacted]" in journal


def test_a_secret_that_stands_across_a_cut_is_not_shown_by_half():
    secret = "s" * 40 + "-the-secret-of-an-app"
    for place in range(2_400, 2_600, 7):
        shown = Abridger([secret]).text("x" * place + secret + "y" * 5_000)
        assert "s" * 20 not in shown


def test_what_is_no_id_does_not_stand_where_one_should(client, ada):
    for value in ({"a": 1}, ["x"], "x" * 100_000, 7, None, "\ud800"):
        ada.post("/post/publish/status/fetch/", {"publish_id": value, "creator": value, "client_key": value})

    entries = client.control.requests(endpoint="status")
    assert len(entries) == 6
    assert all(entry["publish_id"] is None or len(entry["publish_id"]) <= 200 for entry in entries)
    assert client.session.get(f"{client.tiktok.url}/_simulator/").status_code == 200

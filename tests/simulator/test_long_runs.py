"""However long it runs, the world stays the same size: what is old is forgotten, what is needed stays."""

import gc
import os
from pathlib import Path

import pytest
import requests

from tests.simulator import footage
from tests.simulator.driving import Client, whole
from tiktok_api.simulator import running

DAY = 86_400
KEPT = 60


def counts(world):
    """How much of everything there is."""
    with world.lock:
        return {
            "publications": len(world.publications),
            "uploads": len(world.publications.uploads),
            "agenda": len(world.agenda),
            "credentials": sum(map(len, (world.access_tokens, world.refresh_tokens, world.client_tokens, world.codes))),
            "deliveries": len(world.deliveries.all),
            "windows": len(world.windows),
            "journal": len(world.journal.read()),
            "files": len(list(world.spool.folder.iterdir())),
            "bytes": sum(path.stat().st_size for path in world.spool.folder.iterdir()),
        }


def memory_bytes():
    gc.collect()
    pages = int(Path(f"/proc/{os.getpid()}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def lives(tiktok, session, number, *, each_day):
    """A day of an app: it signs in anew, renews, abandons a consent and an upload, and publishes."""
    client = Client(tiktok, session)
    client.consent("ada")
    account = client.connect("ada")
    account.tokens = client.refresh(account.tokens["refresh_token"]).json()
    client.token(grant_type="client_credentials")
    account.init(whole(9))
    for post in range(each_day):
        account.publish(MEDIA, title=f"post {post} of day {number}")
    tiktok.control.advance(60)
    tiktok.control.advance(DAY)
    return account


MEDIA = footage.video()
OPTIONS = {
    "allow_http": True,
    "post_cap": 1_000,
    "limits": {"video_init": 0},
    "publications_kept": KEPT,
    "media_bytes_kept": 20 * len(MEDIA),
    "refresh_token_seconds": 7 * DAY,
    "access_token_seconds": DAY,
    "inspect_media": False,
}


def test_after_a_while_nothing_grows_any_more():
    with running(**OPTIONS) as tiktok, requests.Session() as session:
        tiktok.control.freeze()
        world = tiktok.world
        sizes = []
        for number in range(60):
            account = lives(tiktok, session, number, each_day=4)
            sizes.append(counts(world))
        last = tiktok.control.publications()[-1]
        live = tiktok.control.live("ada")

    early, late = sizes[29], sizes[-1]
    for what in ("publications", "uploads", "agenda", "credentials", "windows", "files", "bytes"):
        assert late[what] <= early[what] * 1.2 + 5, what
    assert late["publications"] <= KEPT + 20
    assert late["bytes"] <= 20 * len(MEDIA)
    assert last["status"] == "PUBLISH_COMPLETE"
    assert last["username"] == account.username
    assert len(live) == 240


def test_what_is_needed_stays_while_the_old_is_forgotten():
    with running(**OPTIONS) as tiktok, requests.Session() as session:
        tiktok.control.freeze()
        client = Client(tiktok, session)
        first = client.connect("grace")
        open_upload = first.init(whole(len(MEDIA))).json()["data"]
        for _ in range(40):
            account = client.connect("ada")
            newest = [account.publish(MEDIA) for _ in range(3)]
            tiktok.control.advance(600)
        done = first.put(open_upload["upload_url"], MEDIA).status_code
        statuses = [account.status(publish_id)["status"] for publish_id in newest]
        answers = account.get("/user/info/", fields="open_id").status_code

    assert done == 403  # its hour is over, and it is still known
    assert statuses == ["PUBLISH_COMPLETE"] * 3
    assert answers == 200


def test_old_media_go_before_new_ones():
    with running(**OPTIONS) as tiktok, requests.Session() as session:
        account = Client(tiktok, session).connect("ada")
        ids = [account.publish(MEDIA) for _ in range(25)]
        tiktok.control.advance(60)
        kept = [bool(_media(tiktok, publish_id)) for publish_id in ids]
        digests = {tiktok.control.publication(publish_id)["sha256"] for publish_id in ids}

    assert kept == [False] * 5 + [True] * 20
    assert len(digests) == 1


def _media(tiktok, publish_id):
    answer = requests.get(f"{tiktok.url}/_simulator/v1/publications/{publish_id}/media", timeout=60)
    return answer.content if answer.status_code == 200 else b""


@pytest.mark.long
def test_ten_thousand_publications_cost_no_more_than_the_first_thousand():
    options = {**OPTIONS, "publications_kept": 500, "media_bytes_kept": 50_000_000}
    with running(**options) as tiktok, requests.Session() as session:
        tiktok.control.freeze()
        tiktok.control.change_app("awsimclient0001", webhook_url="http://127.0.0.1:9/hook")
        tiktok.control.knobs(webhook_give_up_seconds=3_600)
        sizes, memory = [], []
        for number in range(100):
            lives(tiktok, session, number, each_day=100)
            assert tiktok.control.settle(60)
            sizes.append(counts(tiktok.world))
            memory.append(memory_bytes())
        init_count = tiktok.control.publications()[-1]["init_count"]

    assert init_count >= 10_000
    early, late = sizes[29], sizes[-1]
    for what in ("publications", "uploads", "agenda", "credentials", "windows", "files", "bytes"):
        assert late[what] <= early[what] * 1.2 + 50, what
    assert late["deliveries"] <= 10_000
    assert late["journal"] <= 20_000
    assert memory[-1] - memory[49] < 100 << 20

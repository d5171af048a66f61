"""What happens without being asked goes on, whatever goes wrong with one part of it."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.servers import wait_until
from tests.simulator import footage
from tests.simulator.driving import Client, pulled, whole
from tests.simulator.processes import started
from tiktok_api.simulator.world.agenda import scheduled_event


@pytest.fixture
def silent():
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def knobs():
    return {"limits": {"video_init": 0}, "post_cap": 1_000}


def test_a_slow_receiver_delays_no_other_apps_events(client, web_client, silent, host):
    client.control.change_app(client.client_key, webhook_url=f"{silent}/hook")
    client.control.change_app(web_client.client_key, webhook_url=f"{host.url}/hook")
    for number in range(5):
        client.control.send_webhook(client.client_key, f"slow.{number}")
    for number in range(5):
        client.control.send_webhook(web_client.client_key, f"fast.{number}")

    wait_until(lambda: len(host.received) == 5)

    states = {each["event"]: (each["state"], each["attempts"]) for each in client.control.webhooks()}
    assert [states[f"slow.{number}"] for number in range(5)] == [("pending", [])] * 5
    assert [event for _, body in host.received for event in [body.split(b'"event":"')[1][:6]]] == [
        f"fast.{number}".encode() for number in range(5)
    ]


def test_pulls_that_hang_delay_no_other(client, ada, silent, host):
    url = host.host("/clip.mp4", footage.video())
    for _ in range(40):
        assert ada.init(pulled(f"{silent}/clip.mp4")).status_code == 200

    publish_id = ada.init(pulled(url)).json()["data"]["publish_id"]
    wait_until(lambda: client.control.publication(publish_id)["received_at"])

    hanging = client.control.publications(status="PROCESSING_DOWNLOAD")
    assert len([each for each in hanging if each["received_at"] is None]) == 40


def test_a_pull_that_dribbles_ends_when_it_is_cancelled(client, ada, silent):
    publish_id = ada.init(pulled(f"{silent}/clip.mp4")).json()["data"]["publish_id"]

    assert ada.cancel(publish_id).status_code == 200

    assert client.control.settle(20)
    assert ada.status(publish_id)["fail_reason"] == "publish_cancelled"


@scheduled_event
def explode(_world, _now, reason):
    """Something on the agenda that has a fault."""
    raise RuntimeError(reason)


def test_an_error_on_the_agenda_is_logged_and_everything_after_it_happens(client, ada, caplog):
    world = client.tiktok.world
    publish_id = ada.publish()
    with world.lock:
        for seconds in range(4):
            world.schedule(world.clock.now() + seconds, explode, "a fault of our own")
    world.background.post("a lane", lambda: 1 / 0)
    world.background.post("a lane", lambda: 1 / 0)

    client.control.advance(60)
    assert client.control.settle()

    assert ada.status(publish_id)["status"] == "PUBLISH_COMPLETE"
    assert caplog.text.count("a fault of our own") >= 4
    assert caplog.text.count("ZeroDivisionError") >= 2
    caplog.clear()


def test_events_come_by_themselves_after_an_error(client, ada, host):
    """The clock runs by itself: nothing but the background's own thread lets this happen."""
    world = client.tiktok.world
    client.control.change_app(client.client_key, webhook_url=f"{host.url}/hook")
    client.control.knobs(processing_seconds=0.3, moderation_seconds=0.3)
    with world.lock:
        world.schedule(world.clock.now(), explode, "a fault of our own")
    ada.publish()

    wait_until(lambda: len(host.received) >= 2)


def test_a_receiver_that_is_down_is_not_called_for_ever(client):
    """Without a pause between attempts the clock would never come to their end."""
    client.control.knobs(webhook_retry_seconds=0)
    client.control.change_app(client.client_key, webhook_url="http://127.0.0.1:9/hook")
    client.control.send_webhook(client.client_key, "x.y")

    for _ in range(40):
        assert client.control.settle(20)
        client.control.advance(86_400)

    assert client.control.webhooks()[0]["state"] == "dropped"


def test_a_delivery_is_held_up_once_not_for_ever(client, host):
    client.control.freeze()
    client.control.change_app(client.client_key, webhook_url=f"{host.url}/hook")
    for seconds in (0, 5):
        client.control.mischief("webhook", "delay", every=True, delay_seconds=seconds)
        client.control.send_webhook(client.client_key, f"late.{seconds}")
        assert client.control.settle(20)
        client.control.advance(6)
        assert client.control.settle(20)
        client.control.clear_mischief()

    assert [each["state"] for each in client.control.webhooks()] == ["delivered", "delivered"]


def pull(client, account, silent, _):
    for _ in range(5):
        account.init(pulled(f"{silent}/clip.mp4"))


def pull_from_nowhere(client, account, *_):
    account.init(pulled("http://192.0.2.1/clip.mp4"))


def send_webhook(client, account, silent, _):
    client.control.change_app(client.client_key, webhook_url=f"{silent}/hook")
    client.control.send_webhook(client.client_key, "x.y")


def ask(client, account, _, pool):
    client.control.mischief("status", "delay", delay_seconds=3_600)
    pool.submit(account.fetch, "x")
    wait_until(lambda: client.control.requests(endpoint="status"))


def settle(client, account, silent, pool):
    pull(client, account, silent, pool)
    pool.submit(client.control.settle, 600)


def verify(client, account, silent, pool):
    pool.submit(client.control.verify_property, client.client_key, f"{silent}/media/")


def upload(client, account, _, pool):
    url = account.init(whole(9)).json()["data"]["upload_url"]
    pool.submit(send_slowly, url)
    wait_until(lambda: client.control.requests(endpoint="upload"))


def send_slowly(url):
    """Send three of nine bytes, and wait for what comes."""
    parts = urlsplit(url)
    head = [
        f"PUT {parts.path}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: video/mp4",
        "Content-Range: bytes 0-8/9",
        "Content-Length: 9",
    ]
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*head, "", "123"]).encode())
        connection.recv(1)


@pytest.mark.parametrize("hang", [pull, pull_from_nowhere, send_webhook, ask, settle, verify, upload])
def test_stopping_takes_no_longer_whatever_hangs(silent, session, hang):
    with ThreadPoolExecutor(4) as pool, started() as process:
        client = Client(process, session)
        hang(client, client.connect("ada"), silent, pool)

        errors = process.stop(within_seconds=20)

    assert errors == ""


def test_a_spool_that_is_taken_away_or_full_is_no_end(client, ada, host, caplog):
    """A cleaner of temporary folders takes the folder; a file in its place is as good as a full disk."""
    folder = client.tiktok.world.spool.folder
    media = footage.video()
    folder.rmdir()
    first = ada.publish(media)
    [path] = folder.iterdir()
    path.unlink()
    folder.rmdir()
    folder.write_text("no folder")
    url = ada.init(whole(len(media))).json()["data"]["upload_url"]
    declined = ada.put(url, media).status_code
    publish_id = ada.init(pulled(host.host("/clip.mp4", media))).json()["data"]["publish_id"]
    client.control.settle()
    client.control.advance(60)
    failed = ada.status(publish_id)
    folder.unlink()
    taken = ada.put(url, media).status_code

    assert (declined, taken) == (500, 201)
    assert failed["fail_reason"] == "video_pull_failed"
    assert ada.status(first)["status"] == "PUBLISH_COMPLETE"
    assert "Traceback" not in caplog.text

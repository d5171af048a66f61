"""A reset at any moment: what runs ends cleanly, and nothing of the old world gets into the new one."""

import contextlib
import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.servers import wait_until
from tests.simulator import media_files
from tests.simulator.app_client import SCOPES, AppClient, chunks, pulled, whole
from tiktok_api.simulator import CommandRefused, running


@pytest.fixture(autouse=True)
def quiet(caplog):
    """No test here may log an error of the simulator."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def is_new(control):
    """Returns True if the world is as a reset leaves it."""
    state = control.state()
    has_nothing = not (state["publications"] or state["live"] or state["webhooks"] or state["mischief"])
    return has_nothing and not any(creator["consents"] for creator in state["creators"])


def half_sent(url, size, head):
    """Begin an upload, and stop in the middle of its body."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    lines = [
        f"PUT {parts.path}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: video/mp4",
        f"Content-Range: bytes 0-{size - 1}/{size}",
        f"Content-Length: {size}",
    ]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + head)
    return connection


def answer_of(connection):
    """Returns the status of an answer, or nothing for a closed connection."""
    with contextlib.closing(connection):
        try:
            first = connection.recv(65_536)
        except ConnectionError:
            return None
    return int(first.split()[1]) if first else None


def test_a_reset_ends_an_upload(client, ada):
    media = media_files.video()
    url = ada.init(whole(len(media))).json()["data"]["upload_url"]
    connection = half_sent(url, len(media), media[:1_000])
    wait_until(lambda: client.control.requests(endpoint="upload"))

    client.control.reset()
    with contextlib.suppress(ConnectionError):  # it may be closed already
        connection.sendall(media[1_000:])

    assert answer_of(connection) in (None, 404)
    assert is_new(client.control)
    assert list(client.tiktok.world.spool.folder.iterdir()) == []


def test_a_reset_ends_an_inspection(client, ada):
    """The last byte and the reset race; whichever comes first, the new world is empty."""
    media = media_files.video()
    for _ in range(10):
        account = client.connect("ada")
        url = account.init(whole(len(media))).json()["data"]["upload_url"]
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(lambda account=account, url=url: _outcome(lambda: account.put(url, media)))
            client.control.reset()
            assert sending.result() in (None, 201, 404)
        client.control.advance(3_600)
        assert is_new(client.control)


def _outcome(act):
    with requests.Session() as session:
        session.trust_env = False
        try:
            return act().status_code
        except requests.ConnectionError:
            return None


@pytest.fixture
def silent():
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_reset_ends_a_pull_and_a_webhook_that_hang(client, ada, silent):
    client.control.change_app(client.client_key, webhook_url=f"{silent}/hook")
    publish_id = ada.init(pulled(f"{silent}/clip.mp4")).json()["data"]["publish_id"]
    client.control.send_webhook(client.client_key, "x.y")

    client.control.reset()

    assert client.control.settle(10)
    client.control.advance(86_400)
    assert is_new(client.control)
    with pytest.raises(CommandRefused, match="404"):
        client.control.publication(publish_id)


@pytest.mark.parametrize("endpoint", ["consent", "token", "video_init", "status", "user_info", "refresh"])
def test_a_reset_ends_a_delayed_request(client, endpoint):
    """A delayed request of the old world must have no effect in the new one, where the same names exist."""
    ada = client.connect("ada")
    publish_id = ada.publish()
    code = client.consent("grace")["code"]
    client.control.mischief(endpoint, "delay", delay_seconds=3_600)
    acts = {
        "consent": lambda: client.session.post(
            client.authorize_url(),
            data={"creator": "ada", "decision": "allow", "scopes": SCOPES},
            allow_redirects=False,
        ),
        "token": lambda: client.exchange(code),
        "refresh": lambda: client.refresh(ada.tokens["refresh_token"]),
        "video_init": lambda: ada.init(whole(9)),
        "status": lambda: ada.fetch(publish_id),
        "user_info": lambda: ada.get("/user/info/", fields="open_id"),
    }
    client.control.clear_requests()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: _outcome(acts[endpoint]))
        wait_until(lambda: client.control.requests(endpoint=endpoint))
        client.control.reset()
        outcome = asked.result()

    assert outcome is None
    assert is_new(client.control)


def test_a_reset_ends_the_verification_of_a_property(client, host):
    prefix = f"{host.url}/media/"
    arrived, go = threading.Event(), threading.Event()
    host.on_get = lambda _: (arrived.set(), go.wait(30))
    client.control.add_app("another")
    with ThreadPoolExecutor(1) as pool:
        verifying = pool.submit(client.control.verify_property, "another", prefix)
        assert arrived.wait(30)
        client.control.reset()
        go.set()
        with pytest.raises(CommandRefused, match=r"^409"):
            verifying.result()

    with pytest.raises(CommandRefused, match="404"):
        client.control.property_file("another", prefix)


def test_a_download_that_has_begun_is_completed_despite_a_reset(client, ada):
    media = media_files.padded(media_files.video(), 15_000_000)
    data = ada.init(chunks(len(media), len(media), 1)).json()["data"]
    ada.put(data["upload_url"], media)
    parts = urlsplit(client.tiktok.url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.request("GET", f"/_simulator/v1/publications/{data['publish_id']}/media")
    response = connection.getresponse()
    begun = response.read(1_000)

    client.control.reset()

    assert begun + response.read() == media
    connection.close()


def test_resets_amid_all_kinds_of_requests_leave_a_clean_world():
    """Resets, options, consents, uploads, pulls and webhooks from many threads leave a world that works."""
    media = media_files.video()
    stop = threading.Event()
    surprises = []

    def over_and_over(act):
        with requests.Session() as session:
            session.trust_env = False
            while not stop.is_set():
                try:
                    act(session)
                except (OSError, http.client.HTTPException, CommandRefused, KeyError, AssertionError):
                    pass  # the world was reset meanwhile: an error answer, or a closed connection
                except Exception as error:
                    surprises.append(error)

    with running(allow_http=True) as tiktok:
        control = tiktok.control
        hook = f"{tiktok.url}/v2/moon/"

        def post(session):
            account = AppClient(tiktok, session).connect("ada")
            publish_id = account.publish(media)
            account.status(publish_id)

        def pull(session):
            account = AppClient(tiktok, session).connect("grace")
            account.init(pulled(f"{tiktok.url}/v2/moon/"))

        def turn(_):
            control.knobs(post_cap=3, limits={"video_init": 0}, extra_creators=1)
            control.change_app("awsimclient0001", webhook_url=hook, active_user_cap=4)
            control.change_creator("ada", post_cap=2)
            control.advance(30)
            control.state()

        acts = [post, post, pull, pull, turn, turn, lambda _: control.reset(), lambda _: control.settle(0.1)]
        threads = [threading.Thread(target=over_and_over, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for _ in range(60):
            assert _outcome(lambda: requests.get(f"{tiktok.url}/_simulator/v1/state", timeout=60)) == 200
        stop.set()
        for thread in threads:
            thread.join()
        control.reset()
        with requests.Session() as session:
            publish_id = AppClient(tiktok, session).connect("ada").publish(media)
        control.advance(60)
        ended = control.publication(publish_id)["status"]

    assert surprises == []
    assert ended == "PUBLISH_COMPLETE"

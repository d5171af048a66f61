"""How a simulator runs: as an application, on a thread, as a process; its HTTP server and its page."""

import ast
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.simulator import media_files
from tests.simulator.app_client import chunks, sha256
from tiktok_api import simulator
from tiktok_api.simulator import CommandRefused, create_simulator, running
from tiktok_api.simulator.faults.effects import ConnectionDropped
from tiktok_api.simulator.options.options import InvalidOption, Options


def test_a_process_prints_its_url_and_stops_on_a_signal():
    command = [
        sys.executable,
        "-m",
        "tiktok_api.simulator",
        "--port",
        "0",
        "--seed",
        "5",
        "--allow-http",
        "--knob",
        "rotation=never",
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            url = process.stdout.readline().strip()
            knobs = simulator.Control(url).state()["knobs"]
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)

        assert (knobs["seed"], knobs["allow_http"], knobs["rotation"]) == (5, True, "never")
        assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize("arguments", [["--knob", "colour=1"], ["--port", "PORT"]])
def test_a_process_says_why_it_cannot_start(tiktok, arguments):
    taken = str(urlsplit(tiktok.url).port)
    command = [sys.executable, "-m", "tiktok_api.simulator", *(each.replace("PORT", taken) for each in arguments)]

    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert run.returncode == 1
    assert re.search("colour|in use", run.stderr)
    assert "Traceback" not in run.stderr


def test_a_simulator_is_a_wsgi_application():
    app = create_simulator(rotation="never")
    try:
        client = app.test_client()

        assert client.get("/v2/user/info/?fields=open_id").status_code == 401
        assert client.get("/_simulator/v1/knobs").json["knobs"]["rotation"] == "never"
        client.post("/_simulator/v1/mischief", json={"endpoint": "user_info", "effect": "drop"})
        with pytest.raises(ConnectionDropped):
            client.get("/v2/user/info/?fields=open_id")
    finally:
        app.extensions["world"].close()


def test_a_process_that_never_closes_its_world_leaves_no_folder():
    script = "from tiktok_api.simulator import create_simulator as c; print(c().extensions['world'].spool.folder)"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "tiktok-simulator-" in run.stdout
    assert not Path(run.stdout.strip()).exists()


def test_the_next_process_removes_the_folder_of_a_killed_one(tmp_path):
    command = [sys.executable, "-m", "tiktok_api.simulator", "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "text": True, "env": {**os.environ, "TMPDIR": str(tmp_path)}}
    foreign = tmp_path / "tiktok-simulator-a-file"
    foreign.write_text("not a folder")
    with subprocess.Popen(command, **pipes) as killed, subprocess.Popen(command, **pipes) as alive:
        assert killed.stdout.readline()
        assert alive.stdout.readline()
        folders = {folder for folder in tmp_path.iterdir() if folder.is_dir()}
        killed.kill()
        killed.wait()
        for folder in folders:
            (folder / "chunk").write_bytes(b"bytes on their way in")
            os.utime(folder, (0, 0))
        with subprocess.Popen(command, **pipes) as next_one:
            assert next_one.stdout.readline()
            left = folders & set(tmp_path.iterdir())
            next_one.terminate()
        alive.terminate()

    assert (len(folders), len(left)) == (2, 1)
    assert list(tmp_path.iterdir()) == [foreign]


def test_stopping_leaves_no_thread_no_file_and_no_open_port():
    before = set(threading.enumerate())
    with running(allow_http=True) as tiktok, requests.Session() as session:
        folder = tiktok.world.spool.folder
        session.get(f"{tiktok.url}/_simulator/v1/clock")
        tiktok.control.change_app("awsimclient0001", webhook_url="http://127.0.0.1:9/hook")
        tiktok.control.send_webhook("awsimclient0001", "x.y")
        tiktok.control.settle()
        url = tiktok.url

    assert set(threading.enumerate()) <= before
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        simulator.Control(url).clock()


def test_stopping_does_not_wait_for_a_delayed_request():
    outcomes = []

    def ask(url):
        try:
            outcomes.append(requests.post(f"{url}/v2/oauth/token/", data={}, timeout=60).status_code)
        except requests.RequestException as error:
            outcomes.append(error)

    with running() as tiktok:
        tiktok.control.mischief("token", "delay", delay_seconds=3_600)
        asker = threading.Thread(target=ask, args=(tiktok.url,))
        asker.start()
        while not tiktok.control.requests(endpoint="token"):
            asker.join(0.01)

    asker.join()
    assert len(outcomes) == 1


def test_one_connection_serves_many_requests_even_after_unread_bodies(client, ada):
    data = ada.init(chunks(15_000_000, 5_000_000, 3)).json()["data"]
    parts = urlsplit(data["upload_url"])
    connection = http.client.HTTPConnection(parts.netloc)
    try:
        connection.connect()
        kept = connection.sock
        for _ in range(3):
            headers = {"Content-Type": "video/mp4", "Content-Range": "bytes 5000000-9999999/15000000"}
            connection.request("PUT", f"{parts.path}?{parts.query}", bytes(5_000_000), headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 416
        assert connection.sock is kept
    finally:
        connection.close()


def test_a_large_upload_is_spooled_to_disk(client, ada):
    client.control.knobs(keep_media=False)
    media = media_files.padded(media_files.video(), 60_000_000)
    data = ada.init(chunks(len(media), len(media), 1)).json()["data"]

    answer = ada.put(data["upload_url"], media)

    seen = client.control.publication(data["publish_id"])
    assert answer.status_code == 201
    assert (seen["sha256"], seen["probe"]["codec"]) == (sha256(media), "h264")
    assert list(client.tiktok.world.spool.folder.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"5\r\nabc",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"ffffffffff\r\n",
        b"3\r\nabc\r\n0\r\n" + b"Trailer: x\r\n" * 99,
    ],
    ids=["no number", "negative", "cut", "too long", "endless", "trailers"],
)
def test_a_malformed_chunked_body_is_refused(tiktok, body):
    parts = urlsplit(tiktok.url)
    head = b"POST /v2/oauth/token/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(head + body)
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(65_536).partition(b"\r\n")[0]


def test_a_connection_goes_on_after_a_chunked_body(client, ada):
    path = f"{client.tiktok.url}/v2/video/list/?fields=id"
    headers = {**ada.headers, "Content-Type": "application/json"}

    counts = [
        len(client.session.post(path, data=iter([b'{"max_', b'count":3}']), headers=headers).json()["data"]["videos"])
        for _ in range(3)
    ]

    assert counts == [3, 3, 3]


@pytest.mark.parametrize("length", ["-1", "x", "1e3"])
def test_a_malformed_length_is_refused(tiktok, length):
    connection = http.client.HTTPConnection(urlsplit(tiktok.url).netloc)
    try:
        connection.putrequest("POST", "/v2/oauth/token/")
        connection.putheader("Content-Length", length)
        connection.endheaders()
        assert connection.getresponse().status == 400
    finally:
        connection.close()


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "red"},
        {"rotation": "sometimes"},
        {"code_seconds": "x"},
        {"growth": 1},
        {"limits": {"moon": 1}},
        {"callbacks": "x"},
    ],
)
def test_options_that_are_not_valid_are_refused(options):
    with pytest.raises(InvalidOption):
        create_simulator(**options)


def test_a_refused_option_changes_none(client):
    with pytest.raises(CommandRefused, match="colour"):
        client.control.knobs(rotation="never", colour="red")
    assert client.control.knobs()["rotation"] == "always"


def test_a_reset_restores_the_first_state(client, ada):
    ada.publish()
    client.control.knobs(rotation="never")
    client.control.mischief("token", "drop")
    client.control.advance(86_400)
    client.control.change_creator("ada", banned=True)

    client.control.reset()

    state = client.control.state()
    assert (state["publications"], state["mischief"], state["webhooks"], state["live"]) == ([], [], [], [])
    assert (state["knobs"]["rotation"], state["knobs"]["allow_http"]) == ("always", True)
    assert abs(state["clock"]["offset_seconds"]) < 60
    assert client.control.creator("ada")["banned"] is False
    assert ada.get("/user/info/", fields="open_id").status_code == 401
    assert client.control.reset(seed=9)["seed"] == 9
    assert client.control.reset()["seed"] == 1


def test_the_page_shows_everything_and_works_without_a_script(client, ada, session):
    publish_id = ada.publish(title="<script>alert(1)</script>")
    client.control.advance(60)

    page = session.get(f"{client.tiktok.url}/_simulator/")

    assert page.status_code == 200
    assert publish_id in page.text
    assert "<script" not in page.text
    assert not re.search(r'(src|href|action)="(https?:)?//', page.text)
    for name in Options().as_dict():
        assert f">{name}<" in page.text
    assert "/_simulator/v1/publications/&lt;publish_id&gt;" in page.text
    assert '<meta http-equiv="refresh" content="5">' in session.get(f"{client.tiktok.url}/_simulator/?refresh=5").text


def test_every_form_of_the_page_works(client, ada, session):
    page = f"{client.tiktok.url}/_simulator"
    before = client.control.clock()["now_epoch"]
    session.post(f"{page}/clock", data={"advance_seconds": "86400"})
    session.post(
        f"{page}/knobs", data={"rotation": "never", "allow_http": "on", "post_cap": "3", "oauth_error_status": "400"}
    )
    session.post(
        f"{page}/mischief",
        data={
            "endpoint": "cancel",
            "effect": "drop",
            "when": "after",
            "nth": "",
            "times": "",
            "status": "",
            "delay_seconds": "",
        },
    )
    session.post(f"{page}/creators/grace", data={"private": "on"})
    session.post(f"{page}/creators/ada", data={"disconnect": "1"})

    knobs = client.control.knobs()
    assert client.control.clock()["now_epoch"] - before >= 86_400
    assert (knobs["rotation"], knobs["allow_http"], knobs["post_cap"], knobs["oauth_error_status"]) == (
        "never",
        True,
        3,
        400,
    )
    assert knobs["growth"] is False
    assert (client.control.mischiefs()[0]["effect"], client.control.mischiefs()[0]["when"]) == ("drop", "after")
    assert client.control.creator("grace")["private"] is True
    assert client.control.creator("ada")["consents"] == []
    session.post(f"{page}/mischief", data={"clear": "1"})
    assert client.control.mischiefs() == []
    assert session.post(f"{page}/knobs", data={"rotation": "sideways"}).status_code == 400
    assert session.post(f"{page}/creators/unknown").status_code == 404
    session.post(f"{page}/reset")
    assert client.control.knobs()["rotation"] == "always"


def test_the_page_stops_the_clock_posts_drafts_and_takes_posts_down(client, ada, session):
    page = f"{client.tiktok.url}/_simulator"
    publish_id = ada.publish(inbox=True)
    client.control.advance(60)
    assert "Post the draft" in session.get(f"{page}/").text

    session.post(f"{page}/publications/{publish_id}/complete")
    video_id = client.control.live("ada")[0]["id"]
    again = session.post(f"{page}/publications/{publish_id}/complete")
    session.post(f"{page}/videos/{video_id}/take-down")
    session.post(f"{page}/clock", data={"frozen": "yes"})
    stopped = client.control.clock()["frozen"]
    session.post(f"{page}/clock", data={"frozen": "no"})

    assert ada.status(publish_id)["status"] == "PUBLISH_COMPLETE"
    assert client.control.live("ada") == []
    assert (stopped, client.control.clock()["frozen"]) == (True, False)
    assert again.status_code == 404
    assert session.post(f"{page}/videos/1/take-down").status_code == 404
    assert session.post(f"{page}/clock", data={"advance_seconds": "1e15"}).status_code == 400


def test_the_journal_keeps_no_secret(client, ada):
    client.refresh(ada.tokens["refresh_token"])
    data = ada.init(chunks(9, 9, 1)).json()["data"]
    ada.put(data["upload_url"], b"123456789")
    client.revoke(ada.tokens["access_token"])

    journal = str(client.control.requests())
    for secret in (client.client_secret, *(ada.tokens[name] for name in ("access_token", "refresh_token"))):
        assert secret not in journal
    assert data["upload_url"].rpartition("=")[2] not in journal
    assert [each["endpoint"] for each in client.control.requests(publish_id=data["publish_id"])] == [
        "video_init",
        "upload",
    ]
    client.control.clear_requests()
    assert client.control.requests() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/creators/unknown", None, 404),
        ("GET", "/creators/unknown/live", None, 404),
        ("POST", "/creators/ada", {}, 409),
        ("PATCH", "/creators/ada", {"colour": "red"}, 400),
        ("PATCH", "/creators/ada", {"private": "yes"}, 400),
        ("PATCH", "/creators/ada", {"fail_reason": "bad luck"}, 400),
        ("POST", "/creators/ada/disconnect", {"client_key": "awsimclient0001"}, 404),
        ("POST", "/creators/ada/disconnect", {"reason": 9}, 400),
        ("POST", "/creators/ada/complete-draft", {"publish_id": "x"}, 404),
        ("POST", "/creators/ada/complete-draft", {"privacy_level": "x"}, 400),
        ("POST", "/apps/awsimclient0001", {}, 409),
        ("PATCH", "/apps/unknown", {}, 404),
        ("PATCH", "/apps/awsimclient0001", {"scopes": ["moon"]}, 400),
        ("PATCH", "/apps/awsimclient0001", {"type": "toaster"}, 400),
        ("GET", "/apps/unknown/property", None, 404),
        ("POST", "/apps/awsimclient0001/property", {"prefix": "http://127.0.0.1:9/x/"}, 409),
        ("POST", "/settle", {"timeout_seconds": "x"}, 400),
        ("POST", "/videos", {"username": "unknown"}, 404),
        ("POST", "/videos", {"username": "ada", "count": "x"}, 400),
        ("POST", "/videos", {"username": "ada", "created_at": "x"}, 400),
        ("PATCH", "/videos/1", {}, 404),
        ("DELETE", "/videos/1", None, 404),
        ("GET", "/publications/x", None, 404),
        ("GET", "/publications/x/media", None, 404),
        ("POST", "/webhooks", {}, 400),
        ("POST", "/webhooks/1/redeliver", None, 404),
        ("PATCH", "/knobs", {"moon": 1}, 400),
        ("PATCH", "/knobs", {"access_token_seconds": -5}, 400),
        ("PATCH", "/knobs", {"moderation_seconds": float("nan")}, 400),
        ("PATCH", "/knobs", {"limits": {"status": True}}, 400),
        ("POST", "/reset", {"start_at": "soon"}, 400),
        ("POST", "/reset", {"extra_creators": -3}, 400),
        ("PATCH", "/apps/awsimclient0001", {"redirect_uris": [7]}, 400),
        ("PATCH", "/apps/awsimclient0001", {"scopes": [["x"]]}, 400),
        ("PATCH", "/apps/awsimclient0001", {"verified_domains": [None]}, 400),
        ("PATCH", "/creators/ada", {"app_version": "new"}, 400),
        ("PATCH", "/creators/ada", {"follower_count": "many"}, 400),
        ("POST", "/videos", {"username": "ada", "count": 1e9}, 400),
        ("POST", "/videos", {"username": "ada", "created_at": 1e18}, 400),
        ("POST", "/videos", {"username": "ada", "view_count": "x"}, 400),
        ("POST", "/webhooks", {"client_key": "awsimclient0001", "event": "x", "username": 7}, 400),
    ],
)
def test_requests_that_are_not_valid_are_refused_with_their_status(client, method, path, body, status):
    with pytest.raises(CommandRefused, match=f'^{status} {{"error"'):
        client.control.call(method, path, body)


def test_simulator_and_product_import_nothing_of_each_other():
    home = Path(simulator.__file__).parent
    for path in home.parent.rglob("*.py"):
        is_ours = home in path.parents
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module or ''}", *(f"{node.module or ''}.{alias.name}" for alias in node.names)}
                assert not (is_ours and node.level), f"{path}: relative import"
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
        inside = {name for name in names if f"{name}.".startswith("tiktok_api.simulator.")}
        product = {name for name in names if f"{name}.".startswith("tiktok_api.")} - inside
        if is_ours:
            assert not product, f"{path} imports {product}"
        elif "cli" not in path.parts:
            assert not inside, f"{path} imports {inside}"

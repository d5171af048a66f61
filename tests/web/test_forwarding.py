"""What a client says of itself, of the host and of a proxy is not believed."""

import json
import socket

import pytest

from tests.conftest import API
from tests.web.log_lines import lines

pytestmark = pytest.mark.xdist_group("gunicorn")

EVIL = "evil.example"
LIES = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-Port": "666",
    "Forwarded": f"for=203.0.113.8;host={EVIL};proto=gopher",
    "X-Original-URL": "/evil.example",
    "X-Rewrite-URL": "/evil.example",
}


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "Script-Name", "REMOTE_USER", "script_name", "*"])
@pytest.mark.parametrize("value", ["/evil.example", "/livez", "/", ""])
def test_a_clients_script_name_changes_nothing(server, name, value):
    head = f"GET /livez HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nConnection: close\r\n\r\n"

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"status": "ok"}


@pytest.fixture
def app(make_app, simulator_urls):
    return make_app(public_url="https://api.example.com", **simulator_urls)


def begin_uploads(owner, count: int) -> None:
    for _ in range(count):
        owner.post("/media/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"})


PATHS = [
    f"{API}/media?limit=1",
    f"{API}/media",
    f"{API}/auth/me",
    f"{API}//media",
    f"//{EVIL}/%2e%2e",
    f"{API}/media/",
    "/docs",
    "/docs/",
    "/docs//problems",
    "/openapi.json",
    "/nowhere",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_names_a_host_that_the_client_invented(owner, path):
    begin_uploads(owner, 2)
    bearer = {"Authorization": f"Bearer {owner.tokens['access_token']}"}

    response = owner.client.get(path, headers=bearer | LIES)

    told = str(response.headers) + response.get_data(as_text=True).replace(path.replace("/%2e%2e", ""), "")
    assert EVIL not in told
    assert "gopher" not in told


def test_the_next_page_is_linked_under_the_public_address(owner):
    begin_uploads(owner, 2)

    link = owner.client.get(
        f"{API}/media?limit=1",
        headers={"Authorization": f"Bearer {owner.tokens['access_token']}"} | LIES,
    ).headers["Link"]

    assert link.startswith(f"<https://api.example.com{API}/media?limit=1&cursor=")


@pytest.mark.parametrize("path", ["/livez", f"{API}/auth/me", "/nowhere"])
@pytest.mark.parametrize(
    ("public_url", "told"), [("https://a.example", "max-age=31536000"), ("http://a.example", None)]
)
def test_browsers_are_told_to_use_tls_where_it_is_offered(make_app, path, public_url, told):
    client = make_app(public_url=public_url).test_client()

    assert client.get(path).headers.get("Strict-Transport-Security") == told


@pytest.mark.parametrize(
    ("trusted_proxies", "peer", "warnings"),
    [(0, "127.0.0.1", 1), (0, "10.1.2.3", 1), (0, "fd00::1", 1), (0, "93.184.216.34", 0), (1, "127.0.0.1", 0)],
)
def test_a_proxy_that_is_not_trusted_is_named_once(make_app, capsys, trusted_proxies, peer, warnings):
    client = make_app(trusted_proxies=trusted_proxies).test_client()

    for _ in range(3):
        client.get("/livez", headers={"X-Forwarded-For": "203.0.113.7"}, environ_base={"REMOTE_ADDR": peer})

    found = [line for line in lines(capsys.readouterr().err) if line["event"] == "proxy.not_trusted"]
    assert len(found) == warnings
    assert "203.0.113.7" not in str(found)

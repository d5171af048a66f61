"""`deploy/nginx.conf` in front of gunicorn, as an operator would run both."""

import contextlib
import hashlib
import http.client
import json
import os
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.cli.stub_server import answering
from tests.deploy.nginx import NGINX, Site, nginx
from tests.deploy.upstream import upstream
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.live_server import Stage, staged
from tests.media.tus_client import TUS, metadata
from tests.servers import free_port, wait_until
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="not run: nginx is not installed"),
    pytest.mark.xdist_group("nginx"),
]

MEBIBYTE = 1024 * 1024
UPLOADS = "/api/v1/media/uploads"


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that its group may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="tiktok-api-nginx-") as name:
        Path(name).chmod(0o750)
        yield Path(name)


@pytest.fixture(scope="module")
def stage(sqlite_template: Path) -> Iterator[Stage]:
    """The API behind nginx, and a person who has signed in."""
    with open_folder() as folder:
        media = {"STORAGE_URL": (folder / "media").as_uri(), "X_ACCEL_PREFIX": "/media-files/"}
        limits = {"TRUSTED_PROXIES": "1", "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_MINUTE": "100000"}
        with staged(sqlite_template, folder, media, **limits) as running:
            yield running


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """nginx in front of it."""
    media = Path(services_of(stage.app)[Settings].storage_url.removeprefix("file://"))
    with open_folder() as folder, nginx(folder, stage.server.port, media) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as place:
        yield place


@pytest.fixture
def signed_in(stage: Stage) -> dict[str, str]:
    return {"Authorization": f"Bearer {stage.owner.tokens['access_token']}"}


def must_be_problem(answer: requests.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    document = answer.json()
    assert (document["status"], document["code"], document["type"]) == (status, code, f"/docs/problems#{code}")
    assert document.keys() == {"type", "title", "status", "detail", "instance", "code", "request_id"}
    assert all(document[name] for name in ("title", "detail", "request_id"))


def ask(site: Site, *lines: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these lines as they stand."""
    with connected(site) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def connected(site: Site) -> Iterator[ssl.SSLSocket]:
    """A connection to say anything on, closed at the end of the block as it is."""
    context = ssl.create_default_context(cafile=str(site.certificate))
    with (
        socket.create_connection(("127.0.0.1", site.port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        yield connection


def upload(site: Site, signed_in: dict[str, str], content: bytes) -> requests.Response:
    """A video in one request."""
    body = sample_media.multipart(sample_media.part("file", content, filename="clip.mp4"))
    return site.request(
        "POST", "/api/v1/media", data=body, headers=signed_in | {"Content-Type": sample_media.MULTIPART}
    )


class TusUpload:
    """An upload through nginx, a piece at a time."""

    def __init__(self, site: Site, signed_in: dict[str, str], size: int) -> None:
        self.site, self.size = site, size
        self.headers = signed_in | TUS | {"Content-Type": "application/offset+octet-stream"}
        said = {"Upload-Length": str(size), "Upload-Metadata": metadata(filename="cut.mp4")}
        self.path = site.request("POST", UPLOADS, headers=signed_in | TUS | said).headers["Location"]

    def send(self, content: bytes, *, offset: int) -> requests.Response:
        headers = self.headers | {"Upload-Offset": str(offset)}
        return self.site.request("PATCH", self.path, data=content, headers=headers)

    def begin(self, connection: ssl.SSLSocket) -> None:
        """The head of a PATCH of everything."""
        said = self.headers | {"Host": "localhost", "Upload-Offset": "0", "Content-Length": str(self.size)}
        lines = [f"PATCH {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())

    def offset(self) -> int:
        """How much is kept so far, as far as HEAD tells while another connection may be sending."""
        return int(self.site.request("HEAD", self.path, headers=self.headers).headers["Upload-Offset"])

    def settled_offset(self) -> int:
        """How much is kept once no connection is sending: a piece behind the end is 423 before, and 409 then."""

        def answer() -> list[int]:
            refused = self.send(b"", offset=self.size + 1)
            return [int(refused.headers["Upload-Offset"])] if refused.status_code == 409 else []

        return wait_until(answer, seconds=90)[0]


def test_a_tus_upload_is_streamed_to_the_api_and_resumes_after_a_cut(site, signed_in):
    content = sample_media.video(pad_to_bytes=12 * MEBIBYTE)
    upload = TusUpload(site, signed_in, len(content))
    with connected(site) as connection:
        upload.begin(connection)
        connection.sendall(content[: 6 * MEBIBYTE])
        arrived = wait_until(lambda: upload.offset() > 4 * MEBIBYTE and upload.offset(), seconds=90)

    kept = upload.settled_offset()
    rest = upload.send(content[kept:], offset=kept)

    assert arrived <= kept <= 6 * MEBIBYTE
    assert (rest.status_code, rest.headers["Upload-Offset"]) == (204, str(len(content)))


def test_bytes_sent_before_a_hang_up_are_kept(site, signed_in):
    content = sample_media.video(pad_to_bytes=12 * MEBIBYTE)
    upload = TusUpload(site, signed_in, len(content))
    with connected(site) as connection:
        upload.begin(connection)
        connection.sendall(content[: 6 * MEBIBYTE])
        connection.shutdown(socket.SHUT_WR)
        kept = upload.settled_offset()

    assert 6 * MEBIBYTE - 65_536 < kept <= 6 * MEBIBYTE  # the last record of TLS may be incomplete


def test_a_large_file_passes_in_one_request(site, signed_in):
    content = sample_media.video(pad_to_bytes=20 * MEBIBYTE)

    answer = upload(site, signed_in, content)

    assert (answer.status_code, answer.json()["size_bytes"]) == (201, len(content))


@pytest.mark.parametrize(
    ("method", "path", "size"),
    [
        ("POST", "/api/v1/posts", 2 * MEBIBYTE),
        ("POST", "/api/v1/webhooks/tiktok", 2 * MEBIBYTE),
        ("PATCH", "/api/v1/media/1", 2 * MEBIBYTE),
        ("POST", "/api/v1/media", 600 * MEBIBYTE),
        ("PATCH", f"{UPLOADS}/1", 600 * MEBIBYTE),
    ],
)
def test_a_body_beyond_the_limit_is_refused_with_a_problem_document(site, method, path, size):
    status, headers, body = ask(
        site,
        f"{method} {path}?secret=hunter2 HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {size}",
        "X-Request-ID: mine-1",
    )

    document = json.loads(body)
    assert (status, headers["content-type"], document["code"]) == (413, "application/problem+json", "body_too_large")
    assert (document["instance"], document["request_id"], headers["x-request-id"]) == (path, "mine-1", "mine-1")


@pytest.fixture
def stored(stage: Stage, site: Site, signed_in: dict[str, str]) -> tuple[str, bytes, Path]:
    """The path of a video's content, its bytes, and its file."""
    content = sample_media.video(seconds=2.0)
    media = upload(site, signed_in, content).json()
    run_due_jobs(stage.app)
    root = Path(services_of(stage.app)[Settings].storage_url.removeprefix("file://"))
    [file] = [path for path in root.rglob("*") if path.is_file() and path.read_bytes() == content]
    return f"/api/v1/media/{media['id']}/content", content, file


def test_a_download_comes_from_nginx_with_the_headers_of_the_api(site, signed_in, stored):
    path, content, _ = stored

    whole = site.get(path, headers=signed_in)

    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    assert (whole.status_code, whole.content, whole.headers["ETag"]) == (200, content, etag)
    assert (whole.headers["Content-Type"], whole.headers["X-Content-Type-Options"]) == ("video/mp4", "nosniff")
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["Cache-Control"] == "private, no-cache"
    assert {"X-Request-ID", "RateLimit-Remaining", "Last-Modified"} <= whole.headers.keys()  # the last is nginx's own
    assert "X-Accel-Redirect" not in whole.headers


def test_a_linked_file_comes_from_nginx_and_may_be_embedded(site, signed_in, stored):
    path, content, _ = stored
    link = urlsplit(site.get(path.removesuffix("/content"), headers=signed_in).json()["content_url"])

    shown = site.get(f"{link.path}?{link.query}")

    assert (shown.status_code, shown.content) == (200, content)
    assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "immutable" in shown.headers["Cache-Control"]
    assert "Last-Modified" in shown.headers  # nginx's own


@pytest.mark.parametrize("if_range", [None, "the file's", '"another"'])
def test_a_part_of_a_download(site, signed_in, stored, if_range):
    path, content, _ = stored
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    condition = {} if if_range is None else {"If-Range": etag if if_range == "the file's" else if_range}

    answer = site.get(path, headers=signed_in | {"Range": "bytes=5-9"} | condition)

    if if_range == '"another"':
        assert (answer.status_code, answer.content) == (200, content)
    else:
        assert (answer.status_code, answer.content) == (206, content[5:10])
        assert answer.headers["Content-Range"] == f"bytes 5-9/{len(content)}"


def test_a_part_behind_the_end_is_a_problem(site, signed_in, stored):
    path, content, _ = stored

    answer = site.get(path, headers=signed_in | {"Range": f"bytes={len(content)}-"})

    must_be_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


def test_a_cached_file_is_not_sent_again(site, signed_in, stored):
    path, _, _ = stored
    etag = site.get(path, headers=signed_in).headers["ETag"]

    assert site.get(path, headers=signed_in | {"If-None-Match": etag}).status_code == 304
    assert site.request("HEAD", path, headers=signed_in).headers["ETag"] == etag


def test_a_file_that_nginx_may_not_read_is_a_problem(site, signed_in, stored):
    path, _, file = stored
    file.chmod(0o400 if os.geteuid() == 0 else 0)

    must_be_problem(site.get(path, headers=signed_in), 403, "forbidden")


def test_a_missing_file_is_a_problem(site, signed_in, stored):
    path, _, file = stored
    file.unlink()

    must_be_problem(site.get(path, headers=signed_in), 404, "not_found")


def test_no_client_may_ask_for_files_by_itself(site, stored):
    _, _, file = stored

    for path in (f"/media-files/{file.name}", "/media-files/", "/nginx-problem", "/media-files/../nginx-problem"):
        must_be_problem(site.get(path), 404, "not_found")


def test_the_clients_own_word_about_its_address_changes_nothing(site):
    lies = [{}, {"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.8"}, {"X-Real-IP": "203.0.113.9"}]

    left = [int(site.get("/api/v1/auth/me", headers=lie).headers["RateLimit-Remaining"]) for lie in lies]

    assert left == [left[0] - number for number in range(len(lies))]


def test_the_api_gets_the_address_that_nginx_sees(folder):
    lies = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Port": "1",
        "X-Real-IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.8;host=evil.example",
        "Host": "evil.example",
        "X_Forwarded_For": "203.0.113.7",
        "X-Request-ID": 'not "harmless"',
    }
    with upstream() as api, nginx(folder, api.port, folder) as site:
        told = site.get("/anything", headers=lies).json()

    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert (told["host"], told["x-forwarded-host"]) == ("localhost", "localhost")
    assert not {"evil", "203.0.113", "harmless"} & {
        word for word in ("evil", "203.0.113", "harmless") if word in str(told)
    }
    assert "connection" not in told


def test_connections_to_the_api_are_used_again(folder):
    with upstream() as api, nginx(folder, api.port, folder) as site:
        answers = [site.get("/anything").status_code for _ in range(20)]
        connections = api.connections

    assert answers == [200] * 20
    assert connections == 1


def test_an_api_that_is_down_is_a_problem(folder):
    with nginx(folder, free_port(), folder) as site:
        answer = site.get("/api/v1/posts?state=hunter2")

    must_be_problem(answer, 502, "bad_gateway")
    assert (answer.headers["Retry-After"], answer.json()["instance"]) == ("5", "/api/v1/posts")


@pytest.mark.parametrize("path", ["/api/v1/posts", "/api/v1/media", UPLOADS])
def test_an_api_that_does_not_answer_in_time_is_a_problem(folder, path):
    with answering(None) as port, nginx(folder, port, folder, proxy_read_timeout="proxy_read_timeout 1s") as site:
        answer = site.get(path)

    must_be_problem(answer, 504, "gateway_timeout")
    assert answer.headers["Retry-After"] == "5"


def test_a_flood_is_a_problem_with_retry_after(folder):
    with upstream() as api, nginx(folder, api.port, folder, rate="rate=1r/m", burst="burst=1") as site:
        answers = [site.get("/anything") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    must_be_problem(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("status", "code", "lines"),
    [
        (400, "malformed_request", ["GET /api/v1/posts HTTP/1.1"]),
        (400, "malformed_request", ["POST /api/v1/posts HTTP/1.1", "Host: localhost", "Content-Length: many"]),
        (400, "malformed_request", ["GET / HTTP/1.1", "Host: localhost", f"Cookie: {'x' * 80_000}"]),
        (405, "method_not_allowed", ["TRACE /api/v1/posts HTTP/1.1", "Host: localhost"]),
    ],
)
def test_a_request_that_nginx_refuses_is_a_problem(site, status, code, lines):
    found, headers, body = ask(site, *lines)

    assert (found, headers["content-type"], json.loads(body)["code"]) == (status, "application/problem+json", code)


def test_plain_http_on_the_port_of_tls_is_a_problem(site):
    answer = requests.get(f"http://127.0.0.1:{site.port}/api/v1/posts", timeout=30)

    must_be_problem(answer, 400, "malformed_request")


def test_an_address_that_is_too_long_is_a_problem(site):
    found, headers, body = ask(site, f"GET /api/v1/posts?q={'x' * 60_000} HTTP/1.1", "Host: localhost")

    assert (found, headers["content-type"]) == (414, "application/problem+json")
    assert json.loads(body)["status"] == 414


def test_problems_of_the_api_pass_as_they_are(site):
    answer = site.get("/api/v1/posts", headers={"X-Request-ID": "mine-2"})

    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (401, "unauthorized", "mine-2")


def test_plain_http_is_sent_to_tls_with_its_method(site):
    answer = requests.post(f"http://127.0.0.1:{site.plain_port}/a?b=c", allow_redirects=False, timeout=30)

    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/a?b=c")


def test_figures_are_for_this_machine_alone(site):
    session = requests.Session()
    session.mount("https://", _From("127.0.0.2"))

    here = site.get("/metrics")
    elsewhere = session.get(f"{site.url}/metrics", verify=str(site.certificate), timeout=30)

    assert here.json()["code"] == "metrics_private", "the API itself wants its token from what comes through a proxy"
    must_be_problem(elsewhere, 403, "forbidden")


class _From(requests.adapters.HTTPAdapter):
    """Connections from that address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def test_the_log_has_a_line_for_each_request_and_no_query(site):
    site.get("/api/v1/accounts/callback?code=hunter2&state=x", headers={"X-Request-ID": "in-the-log"})

    def line() -> list[dict[str, object]]:
        return [found for found in map(json.loads, site.log.splitlines()) if found["request_id"] == "in-the-log"]

    [found] = wait_until(line)
    assert (found["path"], found["address"], found["method"]) == ("/api/v1/accounts/callback", "127.0.0.1", "GET")
    assert "hunter2" not in site.log


@pytest.mark.parametrize(
    ("offered", "logged"),
    [(f"/pull/{'a1' * 48}/0", "/pull/"), (f"/api/v1/charts/{'a1' * 48}.png", "/api/v1/charts/")],
)
def test_the_log_does_not_tell_where_a_photo_or_a_chart_is_shown_without_a_token(site, offered, logged):
    site.get(offered, headers={"X-Request-ID": "a-photo"})

    [path] = wait_until(
        lambda: [line["path"] for line in map(json.loads, site.log.splitlines()) if line["request_id"] == "a-photo"]
    )
    assert path == logged


def test_hostile_clients_behind_nginx_leave_others_served(stage, site, signed_in):
    """Slow heads and bodies stay with nginx; slow uploads and downloads reach the API, more of them than it has threads."""
    upload = TusUpload(site, signed_in, MEBIBYTE)
    with contextlib.ExitStack() as opened:
        for number in range(30):
            connection = opened.enter_context(connected(site))
            if number % 3 == 0:
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
            elif number % 3 == 1:
                said = signed_in | {"Host": "localhost", "Content-Type": "application/json", "Content-Length": "900"}
                head = [f"{name}: {value}" for name, value in said.items()]
                connection.sendall("\r\n".join(["POST /api/v1/posts HTTP/1.1", *head, "", "{"]).encode())
            else:
                slow = TusUpload(site, signed_in, MEBIBYTE)
                slow.begin(connection)
                connection.sendall(b"x" * 100_000)

        probe, listed = site.get("/livez"), site.get("/api/v1/media", headers=signed_in)
        sent = wait_until(lambda: (answer := upload.send(b"x" * 200_000, offset=0)).status_code != 503 and answer)

    assert (probe.status_code, listed.status_code, sent.status_code) == (200, 200, 204)


def test_too_many_connections_of_one_address_are_a_problem(folder):
    with (
        answering(None) as port,
        nginx(folder, port, folder, tiktok_api_connections="tiktok_api_connections 2") as site,
        connected(site) as first,
        connected(site) as second,
    ):
        for connection in (first, second):
            connection.sendall(b"GET /api/v1/posts HTTP/1.1\r\nHost: localhost\r\n\r\n")
        refused = site.get("/nowhere")

    must_be_problem(refused, 429, "too_many_requests")

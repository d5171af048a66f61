"""Upload a file of any size and go on wherever a connection breaks: `TOKEN=… python examples/upload.py video.mp4`.

Only the standard library is used, so that every step of the protocol (tus 1.0.0) can be read here: POST begins, HEAD says
where to go on, PATCH sends. `API` names the server, by default http://127.0.0.1:8080. The URL of an upload that was
interrupted for good can be given as the second argument, to go on another day.
"""

import base64
import http.client
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

API = os.environ.get("API", "http://127.0.0.1:8080")
PIECE_BYTES = 1024 * 1024
PATIENCE_SECONDS = 60


def main(file_name: str, url: str | None = None) -> None:
    """Upload the file; the last line of output is the media's id."""
    path = Path(file_name)
    url = url or begin(path)
    say(f"Uploading to {url}\n")
    broken_since: float | None = None
    while (offset := ask(url)) is None or offset < path.stat().st_size:
        if offset is not None and send(path, url, offset):
            broken_since = None
            continue
        broken_since = broken_since or time.monotonic()
        if time.monotonic() - broken_since > PATIENCE_SECONDS:
            sys.exit(f"\nGiven up; go on later with: {sys.argv[0]} {file_name} {url}")
        time.sleep(1)
    say(f"\nThe server inspects it now: GET {urljoin(API, '/api/v1/media/')}{url.rpartition('/')[2]}\n")
    say(url.rpartition("/")[2] + "\n")


def begin(path: Path) -> str:
    """Announce the file; the answer says where its bytes go."""
    name = base64.b64encode(path.name.encode()).decode()
    headers = {"Upload-Length": str(path.stat().st_size), "Upload-Metadata": f"filename {name}"}
    response, body = request("POST", urljoin(API, "/api/v1/media/uploads"), headers)
    if response.status != 201:
        sys.exit(f"Refused: {json.loads(body)['detail']}")
    return urljoin(API, response.headers["Location"])


def ask(url: str) -> int | None:
    """How many bytes the server has safely stored; None while it cannot be reached."""
    try:
        response, _ = request("HEAD", url, {})
    except OSError:
        return None
    if response.status != 200:
        sys.exit(f"The upload is gone (HTTP {response.status}); begin again.")
    return int(response.headers["Upload-Offset"])


def send(path: Path, url: str, offset: int) -> bool:
    """Send everything from `offset` on; whether all of it was taken."""
    headers = {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(path.stat().st_size - offset),
    }
    try:
        response, body = request("PATCH", url, headers, pieces(path, offset))
    except OSError:
        return False
    if response.status in (409, 423, 503, 507):  # another connection is still at it, or there is no room at the moment
        return False
    if response.status != 204:
        sys.exit(f"\nRefused: {json.loads(body)['detail']}")
    return True


def pieces(path: Path, offset: int) -> Iterator[bytes]:
    """The file from `offset` on, with a progress bar."""
    size, began, start = path.stat().st_size, time.monotonic(), offset
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(PIECE_BYTES):
            yield piece
            offset += len(piece)
            rate = (offset - start) / max(time.monotonic() - began, 1e-6)
            bar = "#" * round(40 * offset / size)
            say(f"\r[{bar:<40}] {100 * offset / size:5.1f} %  {rate / 1e6:6.1f} MB/s ")


def request(
    method: str, url: str, headers: dict[str, str], body: Iterator[bytes] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """One HTTP exchange as the protocol wants it. Raises OSError when the connection fails."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=60)
    try:
        always = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Tus-Resumable": "1.0.0"}
        connection.request(method, parts.path, body=body, headers=always | headers)
        response = connection.getresponse()
        return response, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()


def say(text: str) -> None:
    """Write at once, without a line of its own."""
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

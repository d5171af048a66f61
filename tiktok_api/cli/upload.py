"""An upload by tus 1.0 with a progress bar, resumed after a broken connection or a stopped command."""

import base64
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from tiktok_api.cli.output import make_console

_TUS = {"Tus-Resumable": "1.0.0"}
_PIECE_BYTES = 256 * 1024
_PAUSE_SECONDS = 1.0
_WORTH_WAITING = (409, 423, 429, 502, 503, 504, 507)
"""Another connection is still sending, the rate limit is reached, or the server is away: try again."""
_GONE = (404, 410)


class UploadRefused(Exception):
    """The server refuses the file, or could not be reached for too long."""


class Upload:
    """The upload of one file to one server."""

    def __init__(self, file: Path, server: str, token: str, *, patience_seconds: float) -> None:
        self._file, self._server, self._patience = file, server, patience_seconds
        facts = file.stat()
        self._size = facts.st_size
        owner = hashlib.sha256(token.encode()).hexdigest()
        key = f"{server}\n{owner}\n{file.resolve()}\n{facts.st_size}\n{facts.st_mtime_ns}"
        self._note = _cache_folder() / hashlib.sha256(key.encode()).hexdigest()
        self._http = httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60.0, trust_env=False)
        self._moved_at = time.monotonic()

    def run(self, *, until_inspected: bool) -> dict[str, Any]:
        """Upload. Returns the media in its last state. Raises UploadRefused."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=make_console(is_error=True)) as progress:
            bar = progress.add_task(self._file.name, total=self._size)
            url, offset = self._resume_or_begin()
            while offset < self._size:
                progress.update(bar, completed=offset)
                self._send(url, offset, lambda sent: progress.update(bar, completed=sent))
                now_at = self._wait_for_offset(url)
                if now_at is None:
                    raise UploadRefused("The upload is gone from the server; run the command again to start over.")
                if now_at > offset:
                    self._moved_at = time.monotonic()
                offset = now_at
            progress.update(bar, completed=self._size)
        self._note.unlink(missing_ok=True)
        return self._look(url.rpartition("/")[2], until_inspected=until_inspected)

    def _resume_or_begin(self) -> tuple[str, int]:
        with contextlib.suppress(OSError):
            url = self._note.read_text().strip()
            offset = self._wait_for_offset(url)
            if offset is not None:
                return url, offset
        return self._begin(), 0

    def _begin(self) -> str:
        name = base64.b64encode(self._file.name.encode()).decode()
        headers = _TUS | {"Upload-Length": str(self._size), "Upload-Metadata": f"filename {name}"}
        created = self._insist("POST", "/api/v1/media/uploads", headers=headers)
        if created.status_code != 201:
            raise UploadRefused(_reason(created))
        url = urljoin(f"{self._server}/", created.headers["Location"])
        if urlsplit(url).netloc != urlsplit(self._server).netloc:  # the token goes to no other server
            url = f"{self._server}{urlsplit(url).path}"
        self._note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._note.write_text(url)
        return url

    def _wait_for_offset(self, url: str) -> int | None:
        """How much the server has; None where the upload is not there any more. Raises UploadRefused."""
        asked = self._insist("HEAD", url, headers=_TUS)
        if asked.status_code in _GONE:
            self._note.unlink(missing_ok=True)
            return None
        if "Upload-Offset" not in asked.headers:
            raise UploadRefused(_reason(asked))
        return int(asked.headers["Upload-Offset"])

    def _send(self, url: str, offset: int, note: Any) -> None:
        """Send everything from `offset` on; a connection that breaks is no error. Raises UploadRefused."""

        def pieces() -> Iterator[bytes]:
            with self._file.open("rb") as source:
                source.seek(offset)
                while piece := source.read(_PIECE_BYTES):
                    yield piece
                    note(source.tell())

        headers = _TUS | {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(self._size - offset),
        }
        try:
            sent = self._http.patch(url, content=pieces(), headers=headers)
        except httpx2.HTTPError as error:
            self._pause(str(error))
            return
        if sent.status_code in _WORTH_WAITING:
            self._pause(_reason(sent))
        elif sent.status_code != 204 and sent.status_code not in _GONE:
            raise UploadRefused(_reason(sent))

    def _insist(self, method: str, url: str, **options: Any) -> httpx2.Response:
        """The server's answer, asked for again while it is away. Raises UploadRefused after a while."""
        while True:
            try:
                response = self._http.request(method, urljoin(f"{self._server}/", url), **options)
            except httpx2.HTTPError as error:
                self._pause(f"{self._server} cannot be reached: {error}")
                continue
            if response.status_code not in _WORTH_WAITING:
                return response
            self._pause(_reason(response))

    def _pause(self, reason: str) -> None:
        if time.monotonic() - self._moved_at > self._patience:
            raise UploadRefused(f"{reason} Run the same command again to resume.")
        time.sleep(_PAUSE_SECONDS)

    def _look(self, media_id: str, *, until_inspected: bool) -> dict[str, Any]:
        self._moved_at = time.monotonic()
        while True:
            answer = self._insist("GET", f"/api/v1/media/{media_id}")
            if answer.status_code != 200:
                raise UploadRefused(_reason(answer))
            found: dict[str, Any] = answer.json()
            if found["status"] not in ("uploading", "inspecting") or not until_inspected:
                return found
            self._pause(f"{media_id} is still being inspected.")


def _reason(response: httpx2.Response) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(response.text)["detail"])
    return f"The server answered {response.status_code} {response.reason_phrase}."


def _cache_folder() -> Path:
    """https://specifications.freedesktop.org/basedir-spec/latest/"""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tiktok-api" / "uploads"

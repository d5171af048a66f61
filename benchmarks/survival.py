"""Whether a well-behaved client is served while hostile ones hold their connections: `python -m benchmarks.survival URL`.

Takes a running server with open registration and no rate limit, and a running worker, so that a file can be downloaded.
"""

import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from rich.console import Console

from benchmarks.figures import figures_of, latencies_ms, table_of
from benchmarks.hostile import MEBIBYTE, Target, attack
from benchmarks.serving import OURS, ROOT, environment_of, gunicorn
from benchmarks.stage import PASSWORD
from tiktok_api.cli.sample_video import make_sample_video

API = "/api/v1"
_FILE_BYTES = 24 * MEBIBYTE
SMALL_UPLOAD_BYTES = 200_000
_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Figure:
    """The seconds that each try of an act took, and how many tries had another status than they should."""

    act: str
    seconds: list[float]
    failures: int


class Guest:
    """A well-behaved client of the server at `url`, with a user of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        person = {"email": f"{secrets.token_hex(8)}@example.com", "password": PASSWORD}
        registered = requests.post(f"{url}{API}/auth/register", json=person, timeout=60)
        self.token = str(registered.json()["access_token"])
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def probe(self) -> bool:
        return requests.get(f"{self.url}/livez", timeout=60).status_code == 200

    def list_media(self) -> bool:
        return requests.get(f"{self.url}{API}/media", headers=self.headers, timeout=60).status_code == 200

    def upload(self, size: int = SMALL_UPLOAD_BYTES) -> bool:
        """A tus upload that is given up afterwards; waits as long as Retry-After says."""
        headers = self.headers | _TUS
        length = {"Upload-Length": str(size)}
        begun = requests.post(f"{self.url}{API}/media/uploads", headers=headers | length, timeout=60)
        place = self.url + begun.headers["Location"]
        append = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        for _ in range(10):
            sent = requests.patch(place, headers=headers | append, data=b"x" * size, timeout=60)
            if sent.status_code != 503:
                break
            time.sleep(float(sent.headers["Retry-After"]))
        requests.delete(place, headers=headers, timeout=60)
        return sent.status_code == 204

    def upload_video(self, path: Path) -> str:
        """Returns the id of the new media."""
        with path.open("rb") as file:
            answer = requests.post(f"{self.url}{API}/media", headers=self.headers, files={"file": file}, timeout=120)
        return str(answer.json()["id"])

    def is_ready(self, media_id: str) -> bool:
        media = requests.get(f"{self.url}{API}/media/{media_id}", headers=self.headers, timeout=60)
        return bool(media.json()["status"] == "ready")

    def target(self, media_id: str) -> Target:
        """What a hostile client with this user's token would attack."""
        parts = urlsplit(self.url)
        return Target(parts.hostname or "", parts.port or 80, self.token, f"{API}/media/{media_id}/content")


def hostile_targets(
    url: str, video: Path, wait_until_ready: Callable[[Guest, str], Any], *, users: int
) -> list[Target]:
    """Users whose tokens hostile clients have, each with a large file to download."""
    targets = []
    for _ in range(users):
        guest = Guest(url)
        media_id = guest.upload_video(video)
        wait_until_ready(guest, media_id)
        targets.append(guest.target(media_id))
    return targets


def measure(guest: Guest, *, seconds: float) -> list[Figure]:
    """What the well-behaved client does in turn, again and again, for so long."""
    acts: dict[str, Callable[[], bool]] = {
        "/livez": guest.probe,
        "a list": guest.list_media,
        f"an upload of {SMALL_UPLOAD_BYTES:,} bytes": guest.upload,
    }
    times: dict[str, list[float]] = {act: [] for act in acts}
    failures = dict.fromkeys(acts, 0)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        for act, do in acts.items():
            began = time.monotonic()
            try:
                failures[act] += not do()
            except (requests.RequestException, KeyError):
                failures[act] += 1
            times[act].append(time.monotonic() - began)
        time.sleep(0.2)
    return [Figure(act, times[act], failures[act]) for act in acts]


def make_video(folder: Path) -> Path:
    """A video that is larger than what any socket holds."""
    return make_sample_video(folder / "large.mp4", seconds=3.0, width=540, height=960, pad_to_bytes=_FILE_BYTES)


def _wait_until_ready(guest: Guest, media_id: str) -> None:
    for _ in range(240):
        if guest.is_ready(media_id):
            return
        time.sleep(0.5)
    raise SystemExit("the file was not inspected: is a worker running?")


@dataclass(frozen=True, slots=True)
class SurvivalFigures:
    """How long an act took; the floor is what it took without hostile connections."""

    act: str
    median_ms: float
    p99_ms: float
    worst_ms: float
    failed: int
    floor_median_ms: float
    floor_p99_ms: float
    floor_worst_ms: float


def compare(url: str, *, connections: int = 200, seconds: float = 90.0) -> list[SurvivalFigures]:
    """How long the acts of the well-behaved client take, among hostile connections of every kind and alone."""
    with tempfile.TemporaryDirectory() as folder:
        targets = hostile_targets(url, make_video(Path(folder)), _wait_until_ready, users=3)
    guest = Guest(url)
    alone = measure(guest, seconds=min(10.0, seconds))
    with attack(targets, connections=connections):
        time.sleep(5)  # until they hold what they can
        attacked = measure(guest, seconds=seconds)
    return [
        SurvivalFigures(figure.act, *latencies_ms(figure.seconds), figure.failures, *latencies_ms(before.seconds))
        for figure, before in zip(attacked, alone, strict=True)
    ]


def measure_own(*, connections: int = 200, seconds: float = 90.0) -> list[SurvivalFigures]:
    """The same with a server and a worker of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = environment_of(Path(scratch), RATE_LIMIT_ENABLED="false")
        tiktok_api = [sys.executable, "-m", "tiktok_api"]
        subprocess.run([*tiktok_api, "upgrade"], env=environment, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        with (
            gunicorn(*OURS, environment=environment) as (url, _pid),
            (Path(scratch) / "worker.log").open("wb") as log,
            subprocess.Popen([*tiktok_api, "worker"], env=environment, cwd=ROOT, stdout=log, stderr=log) as worker,
        ):
            try:
                return compare(url, connections=connections, seconds=seconds)
            finally:
                worker.terminate()


def main(url: str, seconds: float = 90.0) -> None:
    """Print the figures of a server that is running."""
    found = figures_of(compare(url, seconds=seconds), "survival")
    Console(highlight=False).print(
        table_of("A well-behaved client among hostile ones; the floor is without those", found, {})
    )


if __name__ == "__main__":
    main(sys.argv[1], seconds=float(sys.argv[2]) if len(sys.argv) > 2 else 90.0)

"""PULL_FROM_URL: the simulator really fetches, follows no redirect, and gives up after an hour."""

import hashlib
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tiktok_api.simulator import inspecting, processing
from tiktok_api.simulator.records import Publication
from tiktok_api.simulator.webhooks import connect

if TYPE_CHECKING:
    from tiktok_api.simulator.world import World

PIECE = 1 << 18
PATIENCE_SECONDS = 30.0
LARGEST = 4 << 30


class PullFailed(Exception):
    """The URL did not give what it should, and why."""


def begin(world: "World", publication: Publication, urls: list[str], now: float) -> None:
    """Send somebody to fetch the URLs, and somebody else to give up on them after an hour."""
    publication.status = "PROCESSING_DOWNLOAD"
    publication.pulls = [{"url": url, "outcome": None, "bytes": 0} for url in urls]
    generation = world.generation

    def fetch() -> None:
        _fetch_all(world, publication, generation)

    world.schedule(now + world.knobs.pull_delay_seconds, lambda _: world.courier.pull(fetch))
    world.schedule(now + world.knobs.pull_timeout_seconds, lambda at: _give_up(world, publication, at))


def _give_up(world: "World", publication: Publication, now: float) -> None:
    if publication.received_at is None and not publication.is_over:
        processing.fail(world, publication, _failure(publication), now)


def _failure(publication: Publication) -> str:
    return f"{publication.kind}_pull_failed"


def _fetch_all(world: "World", publication: Publication, generation: int) -> None:
    digest = hashlib.sha256()
    files: list[Path] = []
    try:
        for pull in publication.pulls:
            _meddle(world, publication)
            path = world.spool.new_path()
            files.append(path)
            try:
                _fetch(world, publication, pull, path, digest)
            except (OSError, HTTPException, ValueError, PullFailed) as error:
                pull["outcome"] = str(error) or type(error).__name__
                raise PullFailed(pull["outcome"]) from error
            pull["outcome"] = 200
    except PullFailed:
        _conclude(world, publication, generation, failed=True)
        return
    finally:
        with world.lock:
            publication.digest = digest
            publication.files = files
    _conclude(world, publication, generation, failed=False)


def _conclude(world: "World", publication: Publication, generation: int, *, failed: bool) -> None:
    with world.moment() as now:
        if world.generation != generation or publication.is_over:
            return
        if failed:
            processing.fail(world, publication, _failure(publication), now)
            return
        publication.size = publication.received_bytes
        processing.receive(world, publication, now)
    inspecting.inspect(world, publication)


def _meddle(world: "World", publication: Publication) -> None:
    rule = world.mischief.pick("pull", publication.username, publication.client_key)
    if rule is None:
        return
    if rule.effect == "delay":
        world.stopping.wait(rule.delay_seconds)
        return
    raise PullFailed("mischief")


def _fetch(
    world: "World", publication: Publication, pull: dict[str, object], path: Path, digest: "hashlib._Hash"
) -> None:
    """Bring one URL to a file, following no redirect; raises PullFailed and what sockets raise."""
    parts = urlsplit(str(pull["url"]))
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    with world.courier.connected(connect(parts.scheme, parts.netloc, PATIENCE_SECONDS)) as connection:
        connection.request("GET", target, headers={"User-Agent": "TikTok"})
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise PullFailed(f"HTTP {response.status}")
        count = 0
        with path.open("wb") as file:
            while piece := response.read(PIECE):
                if world.stopping.is_set() or publication.is_over:
                    raise PullFailed("no longer wanted")
                file.write(piece)
                digest.update(piece)
                count += len(piece)
                publication.received_bytes += len(piece)
                if count > LARGEST:
                    raise PullFailed("too large")
        pull["bytes"] = count
        if response.length:
            raise PullFailed("cut short")

"""PULL_FROM_URL: the simulator really fetches, follows no redirect, and gives up after an hour."""

import hashlib
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tiktok_api.simulator.background import verdicts
from tiktok_api.simulator.background.connections import connect
from tiktok_api.simulator.world import processing
from tiktok_api.simulator.world.agenda import happening
from tiktok_api.simulator.world.models import Publication

if TYPE_CHECKING:
    from tiktok_api.simulator.world.world import World

PIECE = 1 << 18
PATIENCE_SECONDS = 30.0
LONGEST_PULL_SECONDS = 3_600.0
LARGEST = 4 << 30
LONGEST_OUTCOME = 200


class PullFailed(Exception):
    """The URL did not give what it should, and why."""


def begin(world: "World", publication: Publication, urls: list[str], now: float) -> None:
    """Let the URLs be fetched, and given up after an hour."""
    publication.status = "PROCESSING_DOWNLOAD"
    publication.pulls = [{"url": url, "outcome": None, "bytes": 0} for url in urls]
    world.schedule(now + world.knobs.pull_delay_seconds, start_pull, publication.publish_id)
    world.schedule(now + world.knobs.pull_timeout_seconds, give_up_pull, publication.publish_id)


@happening
def start_pull(world: "World", _now: float, publish_id: str) -> None:
    """A pull is due; each has a lane of its own, so that one that hangs delays no other."""
    publication = world.publications.get(publish_id)
    if publication is not None and not publication.is_over and publication.received_at is None:
        generation = world.generation
        world.courier.post(processing.lane(publication), lambda: _fetch_all(world, publication, generation))


@happening
def give_up_pull(world: "World", now: float, publish_id: str) -> None:
    """A pull that is not through by now has failed."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.received_at is None and not publication.is_over:
        processing.fail(world, publication, _failure(publication), now)


def _failure(publication: Publication) -> str:
    return f"{publication.kind}_pull_failed"


def _fetch_all(world: "World", publication: Publication, generation: int) -> None:
    files: list[Path] = []
    digest = hashlib.sha256()
    has_failed = False
    publication.received_bytes = 0
    try:
        for pull in publication.pulls:
            _meddle(world, publication, pull, generation)
            _fetch_one(world, publication, pull, files, digest)
    except PullFailed:
        has_failed = True
    is_complete = False
    try:
        with world.moment() as now:
            if world.generation != generation or publication.is_over or world.stopping.is_set():
                return
            if has_failed:
                processing.fail(world, publication, _failure(publication), now)
                return
            publication.size = publication.received_bytes
            publication.files = files
            is_complete = True
            processing.receive(publication, digest, now)
    finally:
        if not is_complete:
            for path in files:
                path.unlink(missing_ok=True)
    verdicts.inspect(world, publication)


def _fetch_one(world: "World", publication: Publication, pull: dict[str, Any], files: list[Path], digest: Any) -> None:
    """Bring one URL to a file, and note the outcome. Raises PullFailed."""
    try:
        files.append(world.spool.new_path())
        _fetch(world, publication, pull, files[-1], digest)
    except (OSError, HTTPException, ValueError, PullFailed) as error:
        pull["outcome"] = (str(error) or type(error).__name__)[:LONGEST_OUTCOME]
        raise PullFailed(pull["outcome"]) from error
    pull["outcome"] = 200


def _meddle(world: "World", publication: Publication, pull: dict[str, Any], generation: int) -> None:
    with world.lock:
        if world.generation != generation:
            raise PullFailed("no longer wanted")
        rule = world.mischief.pick("pull", publication.username, publication.client_key)
    if rule is None:
        return
    if rule.effect == "delay":
        world.pause(rule.delay_seconds)
        return
    pull["outcome"] = "mischief"
    raise PullFailed("mischief")


def _check_wanted(world: "World", publication: Publication) -> None:
    """Raises PullFailed for a publication that has ended or whose world is gone."""
    if world.stopping.is_set() or publication.is_over or not world.knows(publication):
        raise PullFailed("no longer wanted")


def _fetch(world: "World", publication: Publication, pull: dict[str, Any], path: Path, digest: Any) -> None:
    """Bring one URL to a file, following no redirect; raises PullFailed and what sockets raise."""
    parts = urlsplit(str(pull["url"]))
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    line = connect(parts.scheme, parts.netloc, PATIENCE_SECONDS)
    with world.courier.connected(line, processing.lane(publication), LONGEST_PULL_SECONDS) as connection:
        _check_wanted(world, publication)  # the connection is known by now: a later cancellation or reset cuts it
        connection.request("GET", target, headers={"User-Agent": "TikTok"})
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise PullFailed(f"HTTP {response.status}")
        count = 0
        with path.open("wb") as file:
            while piece := response.read1(PIECE):
                _check_wanted(world, publication)
                file.write(piece)
                digest.update(piece)
                count += len(piece)
                publication.received_bytes += len(piece)
                if count > LARGEST:
                    raise PullFailed("too large")
        pull["bytes"] = count
        if response.length:
            raise PullFailed("cut short")

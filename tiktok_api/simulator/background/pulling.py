"""PULL_FROM_URL: fetches the media of a publication, follows no redirect, and gives up after an hour."""

import hashlib
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tiktok_api.simulator.background import inspection, processing
from tiktok_api.simulator.background.connections import open_connection
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.world.agenda import scheduled_event
from tiktok_api.simulator.world.world import World

PIECE = 1 << 18
WAIT_SECONDS = 30.0
LONGEST_PULL_SECONDS = 3_600.0
LARGEST = 4 << 30
LONGEST_OUTCOME = 200


class PullFailed(Exception):
    """A URL could not be fetched; the message says why."""


def begin(world: World, publication: SimulatedPublication, urls: list[str], now: float) -> None:
    """Schedule the fetching of the URLs, and the end of it after an hour."""
    publication.status = "PROCESSING_DOWNLOAD"
    publication.pulls = [{"url": url, "outcome": None, "bytes": 0} for url in urls]
    world.schedule(now + world.options.pull_delay_seconds, start_pull, publication.publish_id)
    world.schedule(now + world.options.pull_timeout_seconds, give_up_pull, publication.publish_id)


@scheduled_event
def start_pull(world: World, _now: float, publish_id: str) -> None:
    """Start a pull; each has a lane of its own, so that one that hangs delays no other."""
    publication = world.publications.get(publish_id)
    if publication is not None and not publication.is_over and publication.received_at is None:
        generation = world.generation
        world.background.post(processing.lane(publication), lambda: _fetch_all(world, publication, generation))


@scheduled_event
def give_up_pull(world: World, now: float, publish_id: str) -> None:
    """Fail a pull that is still unfinished."""
    publication = world.publications.get(publish_id)
    if publication is not None and publication.received_at is None and not publication.is_over:
        processing.fail(world, publication, _fail_reason(publication), now)


def _fail_reason(publication: SimulatedPublication) -> str:
    return f"{publication.kind}_pull_failed"


def _fetch_all(world: World, publication: SimulatedPublication, generation: int) -> None:
    files: list[Path] = []
    digest = hashlib.sha256()
    has_failed = False
    publication.received_bytes = 0
    try:
        for pull in publication.pulls:
            _apply_fault(world, publication, pull, generation)
            _fetch_one(world, publication, pull, files, digest)
    except PullFailed:
        has_failed = True
    is_complete = False
    try:
        with world.moment() as now:
            if world.generation != generation or publication.is_over or world.stopping.is_set():
                return
            if has_failed:
                processing.fail(world, publication, _fail_reason(publication), now)
                return
            publication.size = publication.received_bytes
            publication.files = files
            is_complete = True
            processing.record_received(publication, digest, now)
    finally:
        if not is_complete:
            for path in files:
                path.unlink(missing_ok=True)
    inspection.inspect(world, publication)


def _fetch_one(
    world: World, publication: SimulatedPublication, pull: dict[str, Any], files: list[Path], digest: Any
) -> None:
    """Fetch one URL into a new file, and record the outcome. Raises PullFailed."""
    try:
        files.append(world.spool.new_path())
        _fetch(world, publication, pull, files[-1], digest)
    except (OSError, HTTPException, ValueError, PullFailed) as error:
        pull["outcome"] = (str(error) or type(error).__name__)[:LONGEST_OUTCOME]
        raise PullFailed(pull["outcome"]) from error
    pull["outcome"] = 200


def _apply_fault(world: World, publication: SimulatedPublication, pull: dict[str, Any], generation: int) -> None:
    with world.lock:
        if world.generation != generation:
            raise PullFailed("no longer wanted")
        rule = world.faults.pick("pull", publication.username, publication.client_key)
    if rule is None:
        return
    if rule.effect == "delay":
        world.pause(rule.delay_seconds)
        return
    pull["outcome"] = "mischief"
    raise PullFailed("mischief")


def _check_wanted(world: World, publication: SimulatedPublication) -> None:
    """Raises PullFailed if the publication has ended or a reset has ended its world."""
    if world.stopping.is_set() or publication.is_over or not world.knows(publication):
        raise PullFailed("no longer wanted")


def _fetch(world: World, publication: SimulatedPublication, pull: dict[str, Any], path: Path, digest: Any) -> None:
    """Fetch one URL into a file. Raises PullFailed, OSError, HTTPException and ValueError."""
    parts = urlsplit(str(pull["url"]))
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = open_connection(parts.scheme, parts.netloc, WAIT_SECONDS)
    with world.background.connected(connection, processing.lane(publication), LONGEST_PULL_SECONDS):
        _check_wanted(world, publication)  # a later cancellation or reset cuts the connection
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

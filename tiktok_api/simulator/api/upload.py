"""The upload endpoint: chunks in sequence, each stored whole or not at all."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.background import verdicts
from tiktok_api.simulator.world import processing
from tiktok_api.simulator.world.clock import iso
from tiktok_api.simulator.world.models import Publication
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("transfer", __name__)

log = logging.getLogger(__name__)

PIECE = 1 << 20
TYPES = ("video/mp4", "video/quicktime", "video/webm")
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@dataclass
class Chunk:
    """One chunk as its headers announce it."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Bytes in it."""
        return self.last - self.first + 1


class Declined(Exception):
    """A chunk is not taken: the HTTP status says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@blueprint.put("/video/")
def put_chunk() -> Response:
    """Take one chunk."""
    world = current_world()
    publication: Publication | None = None
    path: Path | None = None
    try:
        path = world.spool.new_path()
        with world.moment() as now:
            publication = _find(world, now)
            chunk = _announced(publication)
            _check_turn(world, publication, chunk)
            digest = publication.digest.copy()
        _spool(path, chunk.size, digest)
        with world.moment() as now:
            _find(world, now)
            _check_turn(world, publication, chunk)
            _store(publication, chunk, path, digest, now)
            is_complete = publication.received_at is not None
        if is_complete:
            verdicts.inspect(world, publication)
        return _answer(world, publication, 201 if is_complete else 206)
    except Declined as refusal:
        return _answer(world, publication, refusal.status)
    except OSError as error:
        log.error("A chunk could not be stored: %s", error)  # noqa: TRY400 - the trace would say no more
        return _answer(world, publication, 500)
    finally:
        if path is not None and (publication is None or path not in publication.files):
            path.unlink(missing_ok=True)


def _find(world: World, now: float) -> Publication:
    publication = world.uploads.get(request.args.get("upload_id", ""))
    if publication is None or publication.upload_token != request.args.get("upload_token"):
        raise Declined(404)
    if now >= publication.url_expires_at:
        raise Declined(403)
    if publication.status == "FAILED":
        raise Declined(404)
    return publication


def _announced(publication: Publication) -> Chunk:
    """The chunk that the headers announce, all three of which are required."""
    match = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if match is None or request.mimetype not in TYPES:
        raise Declined(400)
    first, last, total = map(int, match.groups())
    chunk = Chunk(first, last)
    if chunk.size != request.content_length or total != publication.size or last >= total:
        raise Declined(400)
    return chunk


def _check_turn(world: World, publication: Publication, chunk: Chunk) -> None:
    """The chunk must begin where the last one ended, and be as long as its place in the plan says."""
    done = publication.received_bytes
    if chunk.last < done:
        raise Declined(world.knobs.reput_status)
    if chunk.first != done:
        raise Declined(416)
    is_last = len(publication.chunks) == publication.chunk_count - 1
    if chunk.size != (publication.size - done if is_last else publication.chunk_size):
        raise Declined(400)


def _spool(path: Path, size: int, digest: Any) -> None:
    """Write a body to a file and into a digest; a body that ends early is declined."""
    with path.open("wb") as file:
        left = size
        while left and (piece := request.stream.read(min(PIECE, left))):
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    if left:
        raise Declined(400)


def _store(publication: Publication, chunk: Chunk, path: Path, digest: Any, now: float) -> None:
    """Put a chunk that came whole behind those before it."""
    publication.files.append(path)
    publication.digest = digest
    publication.received_bytes += chunk.size
    publication.chunks.append(
        {"first": chunk.first, "last": chunk.last, "size": chunk.size, "content_type": request.mimetype, "at": iso(now)}
    )
    if publication.received_bytes == publication.size:
        processing.receive(publication, digest, now)


def _answer(world: World, publication: Publication | None, status: int) -> Response:
    """An empty answer with the progress, which is the count of bytes or the index of the last."""
    response = Response(status=status)
    if publication is not None:
        done = publication.received_bytes
        shown = done if world.knobs.content_range == "count" else max(0, done - 1)
        response.headers["Content-Range"] = f"bytes 0-{shown}/{publication.size}"
    return response

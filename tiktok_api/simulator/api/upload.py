"""The upload endpoint: chunks in sequence, each stored whole or not at all."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.background import inspection, processing
from tiktok_api.simulator.models.publications import SimulatedPublication
from tiktok_api.simulator.options.timestamps import iso
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("upload", __name__)

log = logging.getLogger(__name__)

PIECE = 1 << 20
TYPES = ("video/mp4", "video/quicktime", "video/webm")
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


@dataclass
class Chunk:
    """One chunk as its headers describe it."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


class ChunkRefused(Exception):
    """A chunk is refused with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@blueprint.put("/video/")
def put_chunk() -> Response:
    """Receive one chunk."""
    world = current_world()
    publication: SimulatedPublication | None = None
    path: Path | None = None
    try:
        path = world.spool.new_path()
        with world.moment() as now:
            publication = _find(world, now)
            chunk = _described_chunk(publication)
            _check_position(world, publication, chunk)
            digest = publication.digest.copy()
        _write_body(path, chunk.size, digest)
        with world.moment() as now:
            _find(world, now)
            _check_position(world, publication, chunk)
            _append(publication, chunk, path, digest, now)
            is_complete = publication.received_at is not None
        if is_complete:
            inspection.inspect(world, publication)
        return _answer(world, publication, 201 if is_complete else 206)
    except ChunkRefused as refusal:
        return _answer(world, publication, refusal.status)
    except OSError as error:
        log.error("A chunk could not be stored: %s", error)  # noqa: TRY400 - the trace would say no more
        return _answer(world, publication, 500)
    finally:
        if path is not None and (publication is None or path not in publication.files):
            path.unlink(missing_ok=True)


def _find(world: World, now: float) -> SimulatedPublication:
    publication = world.publications.uploads.get(request.args.get("upload_id", ""))
    if publication is None or publication.upload_token != request.args.get("upload_token"):
        raise ChunkRefused(404)
    if now >= publication.url_expires_at:
        raise ChunkRefused(403)
    if publication.status == "FAILED":
        raise ChunkRefused(404)
    return publication


def _described_chunk(publication: SimulatedPublication) -> Chunk:
    """Returns the chunk that the three required headers describe. Raises ChunkRefused."""
    match = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if match is None or request.mimetype not in TYPES:
        raise ChunkRefused(400)
    first, last, total = map(int, match.groups())
    chunk = Chunk(first, last)
    if chunk.size != request.content_length or total != publication.size or last >= total:
        raise ChunkRefused(400)
    return chunk


def _check_position(world: World, publication: SimulatedPublication, chunk: Chunk) -> None:
    """Raises ChunkRefused unless the chunk begins where the last one ended and has the length that the init announced."""
    done = publication.received_bytes
    if chunk.last < done:
        raise ChunkRefused(world.options.reput_status)
    if chunk.first != done:
        raise ChunkRefused(416)
    is_last = len(publication.chunks) == publication.chunk_count - 1
    if chunk.size != (publication.size - done if is_last else publication.chunk_size):
        raise ChunkRefused(400)


def _write_body(path: Path, size: int, digest: Any) -> None:
    """Write a body to a file and into a digest. Raises ChunkRefused if the body ends early."""
    with path.open("wb") as file:
        left = size
        while left and (piece := request.stream.read(min(PIECE, left))):
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    if left:
        raise ChunkRefused(400)


def _append(publication: SimulatedPublication, chunk: Chunk, path: Path, digest: Any, now: float) -> None:
    """Append a complete chunk to the earlier ones."""
    publication.files.append(path)
    publication.digest = digest
    publication.received_bytes += chunk.size
    publication.chunks.append(
        {"first": chunk.first, "last": chunk.last, "size": chunk.size, "content_type": request.mimetype, "at": iso(now)}
    )
    if publication.received_bytes == publication.size:
        processing.record_received(publication, digest, now)


def _answer(world: World, publication: SimulatedPublication | None, status: int) -> Response:
    """Returns an empty answer with the progress: the number of bytes, or the index of the last one."""
    response = Response(status=status)
    if publication is not None:
        done = publication.received_bytes
        shown = done if world.options.content_range == "count" else max(0, done - 1)
        response.headers["Content-Range"] = f"bytes 0-{shown}/{publication.size}"
    return response

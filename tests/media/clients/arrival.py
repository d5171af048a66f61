"""An upload by a client, compared with the file that it sent."""

import hashlib
from pathlib import Path

from tests.media.live_server import Stage

MEBIBYTE = 1024 * 1024


def assert_arrived(stage: Stage, media_id: str, path: Path) -> None:
    """Fails unless the media has the content of the file; deletes it afterwards."""
    stage.run_jobs()
    with path.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    assert stage.owner.get(f"/media/{media_id}").json["sha256"] == expected
    assert _sha256_of(stage, media_id) == expected
    stage.owner.delete(f"/media/{media_id}")  # so that no later upload finds its content here already
    stage.run_jobs()


def _sha256_of(stage: Stage, media_id: str) -> str:
    response = stage.owner.get(f"/media/{media_id}/content", buffered=False)
    digest = hashlib.sha256()
    for piece in response.iter_encoded():
        digest.update(piece)
    return digest.hexdigest()

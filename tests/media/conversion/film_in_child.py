"""The conversion of a whole MP4 without the server that asks for it."""

import json
from pathlib import Path
from tempfile import TemporaryFile

from tiktok_api.media.inspection.sandbox import Opened, Rejection, open_in_child

_WHOLE = {"start": 0, "end": None, "most_seconds": 600, "bits": 8_000_000}


def film_in_child(path: Path, *, max_bytes: int, cpu_seconds: int = 60) -> tuple[Opened | Rejection, int]:
    """What the child says, and how many bytes it wrote."""
    with TemporaryFile() as target, TemporaryFile() as progress:
        told = progress.fileno()
        wanted = json.dumps(_WHOLE | {"max_bytes": max_bytes, "cpu_seconds": cpu_seconds, "progress": told})
        outcome = open_in_child(path, "film", "video/mp4", wanted, inherited=(told,), target=target)
        return outcome, target.seek(0, 2)

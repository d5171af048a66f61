"""`python -m tiktok_api.media.probing <content type> <thumbnail descriptor>`: the file on stdin, one JSON object on stdout."""

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import av
from PIL import Image

from tiktok_api.media import sniffing
from tiktok_api.media.probing import confinement, photos, videos
from tiktok_api.media.probing.refusal import Refused

MEMORY_BYTES = 1024 * 1024 * 1024  # of address space, of which the libraries take a fifth
CPU_SECONDS = 15
OUTPUT_BYTES = 4 * 1024 * 1024


def main(content_type: str, thumbnail_descriptor: str) -> None:
    """Look at standard input and say what it is: `{"facts": {…}}` or `{"refused": {"code", "message"}}`."""
    _load_everything()
    probe: Callable[[BinaryIO, str, BinaryIO], dict[str, Any]]
    if content_type in sniffing.VIDEO_TYPES:
        probe, opener = videos.probe, sniffing.VIDEO_TYPES[content_type]
    else:
        probe, opener = photos.probe, sniffing.PHOTO_TYPES[content_type]
    with os.fdopen(0, "rb", closefd=False) as file, os.fdopen(int(thumbnail_descriptor), "wb") as thumbnail:
        confinement.limit_resources(memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, output_bytes=OUTPUT_BYTES)
        confinement.close_doors()
        answer = _answer(probe, file, opener, thumbnail)
    sys.stdout.write(json.dumps(answer))


def _load_everything() -> None:
    """Import now what both libraries would import on first use: no file can be opened later."""
    Image.preinit()
    Image.init()
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name.rpartition(".")[2] not in ("__main__", "datasets"):
            importlib.import_module(module.name)


def _answer(
    probe: Callable[[BinaryIO, str, BinaryIO], dict[str, Any]], file: BinaryIO, opener: str, thumbnail: BinaryIO
) -> dict[str, Any]:
    try:
        return {"facts": probe(file, opener, thumbnail)}
    except Refused as refusal:
        return {"refused": {"code": refusal.code, "message": str(refusal)}}
    except MemoryError:
        return {"refused": {"code": "file_too_complex", "message": "Opening this file takes more memory than allowed."}}
    except RecursionError:
        return {"refused": {"code": "file_too_complex", "message": "The file is nested absurdly deep."}}
    except (ImportError, PermissionError):
        raise  # our own fault: something was not loaded in time
    except Exception as error:
        # Whatever a decoder says about a stranger's file is the file's fault, not an error of ours.
        return {"refused": {"code": "undecodable", "message": f"The file cannot be decoded ({type(error).__name__})."}}


if __name__ == "__main__":
    main(*sys.argv[1:])

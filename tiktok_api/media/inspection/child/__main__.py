"""`python -m tiktok_api.media.inspection.child VERB <parent> <content type> <output descriptor> [wish]`.

The file is standard input; one JSON object goes to standard output, a picture or film to the descriptor. `probe` opens nothing,
`inspect`, `convert` and `slide` (photos), `film`, `slideshow` and `frames` (videos) open the file. The wish of `convert` is JPEG
or WEBP, that of a video is JSON.
"""

import errno
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from PIL import Image

from tiktok_api.media import checks
from tiktok_api.media.inspection import sniff
from tiktok_api.media.inspection.child import limits, seccomp
from tiktok_api.media.inspection.child.progress import Progress
from tiktok_api.media.inspection.child.refusal import Refused, is_machine_fault
from tiktok_api.process import privacy

MEMORY_BYTES = 456 * 1024 * 1024  # with the code of the libraries, less than 512 MiB in all
ADDRESS_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 15
NICENESS = 10  # requests and publishing go first
FILM_MEMORY_BYTES, FILM_ADDRESS_BYTES = 1024 * 1024 * 1024, 2 * 1024 * 1024 * 1024
"""An encoder holds pictures as well, and the largest sources are larger than TikTok takes."""
FRAMES_CPU_SECONDS = 60
_SPARE_CPU_SECONDS = 10  # after which the kernel ends an act that has not noticed that its time is over
_FILM_VERBS = {"film", "slideshow"}
_MEGABYTE = 1024 * 1024
OUTPUT_BYTES = {
    "inspect": 4 * _MEGABYTE,
    "convert": checks.PHOTO_MAX_BYTES,
    "slide": checks.PHOTO_MAX_BYTES,
    "frames": 16 * _MEGABYTE,
    "probe": 4 * 1024,
}
_DECODED_BY_THREADS = {
    name for name, decoder in sniff.PHOTO_TYPES.items() if decoder == "HEIC"
}  # libde265 insists on one

Act = Callable[[BinaryIO, BinaryIO], dict[str, Any]]


def main(verb: str, parent: str, content_type: str, output_descriptor: str, wanted: str = "") -> None:
    """Inspect or convert the file on standard input.

    Prints `{"facts": {…}}` or `{"refused": {"code", "message"}}`, each with `"is_filtered"`: whether the kernel held this
    process to the list of system calls.
    """
    limits.die_with(int(parent))
    act = _act(verb, content_type, wanted)
    bounds = _bounds(verb, wanted)
    output = os.fdopen(int(output_descriptor), "wb")
    with os.fdopen(0, "rb", closefd=False) as file:
        os.nice(NICENESS)
        is_filtered = confine(bounds, may_start_threads=content_type in _DECODED_BY_THREADS)
        answer = _answer(act, file, output)
    with suppress(OSError):  # what was done is flushed; of what is refused, the rest may be too large
        output.close()
    os.write(sys.stdout.fileno(), json.dumps(answer | {"is_filtered": is_filtered}).encode())


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What the process may use: private memory, address space, CPU time, and bytes that it writes."""

    output_bytes: int
    cpu_seconds: int = CPU_SECONDS
    memory_bytes: int = MEMORY_BYTES
    address_bytes: int = ADDRESS_BYTES


def _bounds(verb: str, wanted: str) -> ProcessLimits:
    if verb in _FILM_VERBS:
        wish = json.loads(wanted)
        seconds = int(wish["cpu_seconds"]) + _SPARE_CPU_SECONDS
        return ProcessLimits(wish["max_bytes"], seconds, FILM_MEMORY_BYTES, FILM_ADDRESS_BYTES)
    return ProcessLimits(OUTPUT_BYTES[verb], FRAMES_CPU_SECONDS if verb == "frames" else CPU_SECONDS)


def confine(bounds: ProcessLimits, *, may_start_threads: bool) -> bool:
    """From now on this process only computes with what it has. Returns False if the kernel cannot filter system calls."""
    limits.limit_processes(may_start_threads=may_start_threads)
    privacy.hide_memory()
    limits.limit_resources(
        memory_bytes=bounds.memory_bytes,
        address_bytes=bounds.address_bytes,
        cpu_seconds=bounds.cpu_seconds,
        output_bytes=bounds.output_bytes,
    )
    limits.drop_capabilities()
    return seccomp.install_filter(may_start_threads=may_start_threads)


def _act(verb: str, content_type: str, wanted: str) -> Act:
    """Returns the act, with every module that it needs imported: no file can be opened later."""
    if verb == "probe":
        return lambda _file, _output: {}
    Image.init()
    if content_type in sniff.VIDEO_TYPES or verb in _FILM_VERBS:
        act = _film_act(verb, sniff.VIDEO_TYPES.get(content_type), wanted)
        _load_all_of("av", but=("__main__", "datasets"))
        return act
    from tiktok_api.media.inspection.child.photo import photos

    if verb in ("convert", "slide"):
        return partial(photos.convert, sniff.PHOTO_TYPES[content_type], "SLIDE" if verb == "slide" else wanted)
    return partial(photos.inspect, sniff.PHOTO_TYPES[content_type])


def _film_act(verb: str, demuxer: str | None, wanted: str) -> Act:
    if verb == "slideshow":
        from tiktok_api.media.inspection.child.video import slideshow

        return partial(slideshow.make, demuxer, *_wish(wanted))
    if demuxer is None:
        raise ValueError("a video is needed")
    if verb == "film":
        from tiktok_api.media.inspection.child.video import transcoding

        return partial(transcoding.convert, demuxer, *_wish(wanted))
    if verb == "frames":
        from tiktok_api.media.inspection.child.video import frames

        return partial(frames.draw, demuxer, int(wanted))
    from tiktok_api.media.inspection.child.video import videos

    return partial(videos.inspect, demuxer)


def _wish(wanted: str) -> tuple[dict[str, Any], Progress]:
    wish = json.loads(wanted)
    return wish, Progress(wish["progress"], wish["cpu_seconds"])


def _load_all_of(package: str, *, but: tuple[str, ...]) -> None:
    """Import the modules of `package` that it would import on first use."""
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if module.name.rpartition(".")[2] not in but:
            importlib.import_module(module.name)


def _answer(act: Act, file: BinaryIO, output: BinaryIO) -> dict[str, Any]:
    try:
        facts = act(file, output)
        output.flush()
    except Refused as refusal:
        return {"refused": {"code": refusal.code, "message": str(refusal)}}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {"refused": {"code": "conversion_too_large", "message": "The result is larger than is allowed."}}
        return _refused_by_decoder(error)
    except MemoryError:
        return {"refused": {"code": "file_too_complex", "message": "Opening this file takes more memory than allowed."}}
    except RecursionError:
        return {"refused": {"code": "file_too_complex", "message": "The file is nested absurdly deep."}}
    except Exception as error:
        return _refused_by_decoder(error)
    else:
        return {"facts": facts}


def _refused_by_decoder(error: Exception) -> dict[str, Any]:
    """Returns the refusal for any other error of a decoder: it is the fault of the file, unless it is the machine's."""
    if is_machine_fault(error):
        raise error  # a module was not imported in time, or the machine has no space
    return {"refused": {"code": "undecodable", "message": f"The file cannot be decoded ({type(error).__name__})."}}


if __name__ == "__main__":
    main(*sys.argv[1:])

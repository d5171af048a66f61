"""`python -m tiktok_api.media.inspection.child inspect|convert|probe <parent> <content type> <output descriptor> [JPEG|WEBP]`.

The file is standard input; one JSON object goes to standard output, a picture to the descriptor. `probe` opens nothing.
"""

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from PIL import Image

from tiktok_api.media import checks
from tiktok_api.media.inspection import sniff
from tiktok_api.media.inspection.child import limits, seccomp
from tiktok_api.media.inspection.child.refusal import Refused, is_machine_fault
from tiktok_api.process import privacy

MEMORY_BYTES = 456 * 1024 * 1024  # with the code of the libraries, less than 512 MiB in all
ADDRESS_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 15
NICENESS = 10  # requests and publishing go first
OUTPUT_BYTES = {"inspect": 4 * 1024 * 1024, "convert": checks.PHOTO_MAX_BYTES, "probe": 4 * 1024}
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
    with os.fdopen(0, "rb", closefd=False) as file, os.fdopen(int(output_descriptor), "wb") as output:
        os.nice(NICENESS)
        is_filtered = confine(OUTPUT_BYTES[verb], may_start_threads=content_type in _DECODED_BY_THREADS)
        answer = _answer(act, file, output)
    sys.stdout.write(json.dumps(answer | {"is_filtered": is_filtered}))


def confine(output_bytes: int, *, may_start_threads: bool) -> bool:
    """From now on this process only computes with what it has. Returns False if the kernel cannot filter system calls."""
    limits.limit_processes(may_start_threads=may_start_threads)
    privacy.hide_memory()
    limits.limit_resources(
        memory_bytes=MEMORY_BYTES, address_bytes=ADDRESS_BYTES, cpu_seconds=CPU_SECONDS, output_bytes=output_bytes
    )
    limits.drop_capabilities()
    return seccomp.install_filter(may_start_threads=may_start_threads)


def _act(verb: str, content_type: str, wanted: str) -> Act:
    """Returns the act, with every module that it needs imported: no file can be opened later."""
    if verb == "probe":
        return lambda _file, _output: {}
    Image.init()
    if content_type in sniff.VIDEO_TYPES:
        from tiktok_api.media.inspection.child.video import videos

        _load_all_of("av", but=("__main__", "datasets"))
        return partial(videos.inspect, sniff.VIDEO_TYPES[content_type])
    from tiktok_api.media.inspection.child.photo import photos

    if verb == "convert":
        return partial(photos.convert, sniff.PHOTO_TYPES[content_type], wanted)
    return partial(photos.inspect, sniff.PHOTO_TYPES[content_type])


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
    except MemoryError:
        return {"refused": {"code": "file_too_complex", "message": "Opening this file takes more memory than allowed."}}
    except RecursionError:
        return {"refused": {"code": "file_too_complex", "message": "The file is nested absurdly deep."}}
    except Exception as error:
        if is_machine_fault(error):
            raise  # a module was not imported in time, or the machine has no space
        # Any other error of a decoder is the fault of the file.
        return {"refused": {"code": "undecodable", "message": f"The file cannot be decoded ({type(error).__name__})."}}
    else:
        return {"facts": facts}


if __name__ == "__main__":
    main(*sys.argv[1:])

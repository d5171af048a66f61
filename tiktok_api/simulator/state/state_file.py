"""The state file: saves a whole world atomically within a second of each change, and loads it at the next start."""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

from tiktok_api.simulator.state import snapshot
from tiktok_api.simulator.world.world import World

FORMAT = "tiktok-simulator-state"
VERSION = 1
PAUSE_SECONDS = 0.5
"""Pause between two checks for changes; a world that takes long to save is saved less often."""
PAUSE_PER_SAVE = 4
"""The pause is at least this many times as long as the last save took."""

log = logging.getLogger(__name__)


class StateUnusable(ValueError):
    """The state file cannot be used; the message says why. The file is unchanged."""


class StateFile:
    """The file of one world, locked against other processes; received media are in a folder beside it."""

    def __init__(self, path: str | Path) -> None:
        """Lock the file. Raises StateUnusable if another process has it, or if its folder cannot be written to."""
        self.path = Path(path).resolve()
        self.media_folder = self.path.with_name(f"{self.path.name}.media")
        self._last = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(str(error)) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise self._unusable("another simulator is running with it") from error

    def read(self) -> dict[str, Any] | None:
        """Returns the saved world, or None if there is no file yet. Raises StateUnusable."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(str(error)) from error
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self._unusable(f"it is damaged ({error})") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise self._unusable("it is not a state file of this simulator, or it is damaged")
        version = document.get("version")
        if version != VERSION:
            raise self._unusable(f"it has version {version!r}, and this simulator reads version {VERSION}")
        world = document.get("world")
        if not isinstance(world, dict) or document.get("sha256") != _digest(_text(world)):
            raise self._unusable("it is damaged (its contents do not match its checksum)")
        return world

    def load_into(self, world: World) -> None:
        """Replace a fresh world by the saved one, if there is one. Raises StateUnusable."""
        data = self.read()
        if data is None:
            world.spool.keep_only(())
            return
        try:
            snapshot.load(world, data, time.time())
        except (KeyError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
            raise self._unusable(f"it is damaged ({type(error).__name__}: {error})") from error

    def start(self, world: World) -> None:
        """Save the world now and after each change. Raises StateUnusable if the file cannot be written."""
        try:
            self._save(world)
        except OSError as error:
            raise self._unusable(f"it cannot be written ({error})") from error
        self._thread = threading.Thread(target=self._keep_saving, args=(world,), name="simulator-state", daemon=True)
        self._thread.start()

    def stop(self, world: World) -> None:
        """Save a last time, and unlock the file."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._try_to_save(world)
        self.release()

    def release(self) -> None:
        """Unlock the file; further calls have no effect."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _keep_saving(self, world: World) -> None:
        pause = PAUSE_SECONDS
        while not self._stop.wait(pause):
            if world.is_touched:
                began = time.monotonic()
                self._try_to_save(world)
                pause = max(PAUSE_SECONDS, PAUSE_PER_SAVE * (time.monotonic() - began))

    def _try_to_save(self, world: World) -> None:
        try:
            self._save(world)
        except Exception:
            world.is_touched = True
            log.exception("The state could not be saved to %s", self.path)

    def _save(self, world: World) -> None:
        with world.lock:
            world.is_touched = False
            text = _text(snapshot.saved(world))
        digest = _digest(text)
        if digest == self._last:
            return
        temporary = self.path.with_name(f"{self.path.name}.tmp")
        head = json.dumps({"format": FORMAT, "version": VERSION, "sha256": digest})[:-1]
        try:
            with temporary.open("w", encoding="ascii") as file:
                file.write(f'{head}, "world": {text}}}\n')
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        self._last = digest

    def _unusable(self, reason: str) -> StateUnusable:
        return StateUnusable(
            f"The state file {self.path} cannot be used: {reason}.\n"
            "Nothing was changed. Name another file with --state, or move this one away to begin with a fresh world."
        )


def _text(world: dict[str, Any]) -> str:
    return json.dumps(world, separators=(",", ":"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()

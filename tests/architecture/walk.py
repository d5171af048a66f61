"""How far a reader walks who follows one publication through the code: `python -m tests.architecture.walk`.

A post with a video of one chunk is published by the real code against the simulator: claimed, checked, begun, sent, polled,
published. From the entry of the job on, every call within `tiktok_api/posts` is followed, and of a call that leaves it the file
at the door. A function is read once: a call of one that was read before is not followed again, nor is a question about a single
row or state (`models.py`, `states.py`, properties). The ground floor (clock, db, errors, events) is known to every reader.

Printed are *stays* (visits to a file), *rooms* (different files) and *returns* (visits to a file that was left before).
`--inside` leaves out the files behind which another domain begins; `--each-call` follows every call instead, as the machine does;
`--steps` prints the walk.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

from tests.due_jobs import run_due_jobs
from tests.kill.scene import Stage, environment
from tests.media import sample_media
from tiktok_api.app import create_app
from tiktok_api.db import db
from tiktok_api.extensions import services_of
from tiktok_api.settings import load
from tiktok_api.simulator import running
from tiktok_api.tiktok import TikTokClient

PACKAGE = Path(__file__).resolve().parents[2] / "tiktok_api"
ENTRY = ("posts/tasks.py", "publish")
KNOWN = ("clock.py", "db.py", "errors.py", "events.py", "models.py", "states.py", "types.py")
_PATIENCE_SECONDS = 60.0


class Walk:
    """The files that a reader is in, one after the other."""

    def __init__(self, *, each_call: bool) -> None:
        self.visits: list[str] = []
        self._each_call = each_call
        self._read: set[CodeType] = set()
        self._questions = set(_questions())
        self._way: list[tuple[FrameType, str, int]] = []
        self._ignored: FrameType | None = None

    def profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        """For `sys.setprofile`."""
        if event == "call" and self._ignored is None:
            self._enter(frame)
        elif event == "return" and self._ignored is frame:
            self._ignored = None
        elif event == "return" and self._way and self._way[-1][0] is frame:
            _, _, visits_before = self._way.pop()
            if self._way and len(self.visits) > visits_before:
                self._visit(self._way[-1][1])

    def _enter(self, frame: FrameType) -> None:
        code, place = frame.f_code, _place(frame.f_code)
        if not self._way and (place, code.co_name) != ENTRY:
            return
        is_through_a_door = bool(self._way) and not self._way[-1][1].startswith("posts/")
        if place is None or is_through_a_door or place.endswith(KNOWN) or code in self._questions:
            self._ignored = frame
            return
        self._way.append((frame, place, len(self.visits)))
        if code not in self._read or self._each_call:
            self._read.add(code)
            self._visit(place)

    def _visit(self, room: str) -> None:
        if not self.visits or self.visits[-1] != room:
            self.visits.append(room)


def _questions() -> Iterator[CodeType]:
    """The properties of all classes."""
    for name, module in list(sys.modules.items()):
        for kind in vars(module).values() if name.startswith("tiktok_api") else ():
            for each in vars(kind).values() if isinstance(kind, type) else ():
                if isinstance(each, property) and isinstance(each.fget, FunctionType):
                    yield each.fget.__code__


def _place(code: CodeType) -> str | None:
    """The file of a function below `tiktok_api/`; None for all others, and for the methods that a dataclass is given."""
    file = Path(code.co_filename)
    return file.relative_to(PACKAGE).as_posix() if file.is_relative_to(PACKAGE) else None


def follow(*, each_call: bool) -> list[str]:
    """Publish one post; returns the files that were visited."""
    limits = dict.fromkeys(("creator_info", "video_init", "status"), 0)
    with tempfile.TemporaryDirectory() as name, running(limits=limits, processing_seconds=0.0) as simulator:
        folder = Path(name)
        url = f"sqlite:///{folder / 'walk.sqlite3'}"
        stage = Stage.build(simulator, folder, url, sample_media.video())
        case = stage.new_case("walk")
        os.environ.update(environment(simulator.url, folder), DATABASE_URL=case.database_url)
        app = create_app(load(env_file=None))
        walk, end = Walk(each_call=each_call), time.monotonic() + _PATIENCE_SECONDS
        while not case.is_over() and time.monotonic() < end:
            sys.setprofile(walk.profile)
            try:
                run_due_jobs(app)
            finally:
                sys.setprofile(None)
        case.check_published_once()
        services_of(app)[TikTokClient].close()
        with app.app_context():
            db.engine.dispose()
    return walk.visits


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each-call", action="store_true", help="follow every call, not each function once")
    parser.add_argument("--inside", action="store_true", help="count the files of posts alone")
    parser.add_argument("--steps", action="store_true", help="print the walk")
    arguments = parser.parse_args()
    visits = follow(each_call=arguments.each_call)
    if arguments.inside:
        visits = inside(visits)
    if arguments.steps:
        sys.stdout.write("\n".join([*visits, ""]))
    sys.stdout.write(f"{counted(visits)}\n")


def inside(visits: list[str]) -> list[str]:
    """The visits to files of posts alone."""
    return [room for room, _ in groupby(room for room in visits if room.startswith("posts/"))]


def counted(visits: list[str]) -> str:
    """The stays, rooms and returns of a walk, in words."""
    rooms = len(set(visits))
    return f"{len(visits)} stays in {rooms} rooms, {len(visits) - rooms} returns"


if __name__ == "__main__":
    main()

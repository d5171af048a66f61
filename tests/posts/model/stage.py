"""What all examples of a run share: one application, its server, a simulator, and the database that each begins with."""

import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.posts.interruptions import Interruptible
from tiktok_api.db import db


@dataclass
class Stage:
    """The stage. `media` are a person's own, by the type of post; their accounts are connected in each example."""

    app: Flask
    simulator: Any
    transport: Interruptible
    listener: socket.socket
    file: Path
    owner: Person = field(init=False)
    media: dict[str, list[str]] = field(init=False)

    @property
    def tiktok(self) -> Any:
        """The simulator's control."""
        return self.simulator.control

    @property
    def _beginning(self) -> Path:
        return self.file.with_name("beginning.sqlite3")

    def prepare(self, video: bytes, photos: list[bytes]) -> None:
        """Make the person and their media, which takes longer than to copy them into each example."""
        self.owner = Person(self.app, "owner@example.com")
        self.media = {"video": [self._upload(video)], "photo": [self._upload(each) for each in photos]}
        run_due_jobs(self.app)
        with closing(sqlite3.connect(self.file)) as now, closing(sqlite3.connect(self._beginning)) as kept:
            now.backup(kept)

    def _upload(self, content: bytes) -> str:
        body = sample_media.multipart(sample_media.part("file", content))
        return str(self.owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"])

    def clear(self) -> None:
        """Empty both sides: no publication is known here or there."""
        self.tiktok.clear_mischief()
        self.tiktok.settle()
        self.tiktok.reset(keep_media=False)
        with self.app.app_context():
            db.engine.dispose()
        for leftover in self.file.parent.glob(f"{self.file.name}*"):
            leftover.unlink()
        shutil.copy(self._beginning, self.file)

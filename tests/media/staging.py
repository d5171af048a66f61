"""A real server, and what it stands on."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from tests.conftest import Person
from tests.media.raw_tus import RawUpload
from tests.media.serving import Server, environment_of
from tests.running_jobs import run_due_jobs
from tiktok_api.app import create_app
from tiktok_api.db import db
from tiktok_api.media.models import Media
from tiktok_api.settings import load


@dataclass
class Stage:
    """A server in its own process, and an application on the same database and files for a look behind it."""

    server: Server
    app: Flask
    owner: Person

    def begin(self, content: bytes) -> RawUpload:
        return RawUpload(self.server, self.owner.tokens["access_token"], len(content))

    def stored_bytes(self, upload: RawUpload) -> int:
        with self.app.app_context():
            media = db.session.get_one(Media, UUID(upload.id))
        return int(self.app.extensions["tiktok_api.storage"].size(media.storage_key))

    def run_jobs(self) -> None:
        run_due_jobs(self.app)

    def must_have(self, upload: RawUpload, content: bytes) -> None:
        """What was sent is what is stored, and inspection found the same hash; then forget it, so that no later upload shares it."""
        self.run_jobs()
        media = self.owner.get(f"/media/{upload.id}").json
        assert media["status"] == "ready"
        assert media["sha256"] == hashlib.sha256(content).hexdigest()
        assert media["duplicate_of"] is None
        assert hashlib.sha256(self.owner.get(f"/media/{upload.id}/content").data).hexdigest() == media["sha256"]
        self.owner.delete(f"/media/{upload.id}")
        self.run_jobs()


@contextmanager
def staged(sqlite_template: Path, folder: Path, **settings: str) -> Iterator[Stage]:
    """A stage in `folder`, torn down at the end."""
    shutil.copy(sqlite_template, folder / "test.sqlite3")
    told = {"UPLOAD_STALL_SECONDS": "5"} | settings
    environment = environment_of(f"sqlite:///{folder / 'test.sqlite3'}", folder, **told)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        app = create_app(load(env_file=None, secrets_file=None))
    with Server(environment, folder / "server.log") as server:
        yield Stage(server, app, Person(app, "owner@example.com"))
    app.extensions["tiktok_api.tiktok"].close()
    with app.app_context():
        db.engine.dispose()

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
from sqlalchemy import select

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media.raw_tus import RawUpload
from tests.media.server_process import Server, environment_of
from tiktok_api.app import create_app
from tiktok_api.db import db
from tiktok_api.extensions import services_of
from tiktok_api.media.models import Media
from tiktok_api.settings import load
from tiktok_api.storage.models import StorageSegment
from tiktok_api.storage.port import Storage
from tiktok_api.storage.s3.storage import S3Storage
from tiktok_api.tiktok import TikTokClient

on_each_stage = pytest.mark.parametrize("stage", ["files_stage", "s3_stage"], indirect=True, ids=["files", "s3"])


@dataclass
class Stage:
    """A server in its own process, and an application on the same database and files for a look behind it."""

    server: Server
    app: Flask
    owner: Person

    def begin(self, content: bytes) -> RawUpload:
        return RawUpload(self.server, self.owner.tokens["access_token"], len(content))

    def stored_bytes(self, upload: RawUpload) -> int:
        """Returns how many bytes of it are durable, by the storage itself."""
        storage = services_of(self.app)[Storage]
        with self.app.app_context():
            key = str(db.session.get_one(Media, UUID(upload.id)).storage_key)
            return bytes_on_s3(storage, key) if isinstance(storage, S3Storage) else int(storage.size(key))

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


def bytes_on_s3(storage: S3Storage, key: str) -> int:
    """How far an upload reaches, once everything that counts was found on S3 with the right size."""
    bucket = storage._bucket
    parts = {}
    for name, upload_id, _ in bucket.list_begun(f"contents/{key}"):
        place = bucket._place(name) | {"UploadId": upload_id}
        parts |= {part["PartNumber"]: part["Size"] for part in bucket._client.list_parts(**place).get("Parts", [])}
    end = 0
    for row in db.session.scalars(select(StorageSegment).where(StorageSegment.key == key)):
        found = parts[row.part] if row.part else bucket.size(f"pieces/{key}/{row.piece}")
        assert found == row.end_offset - row.start_offset
        end = max(end, row.end_offset)
    return end


@contextmanager
def staged(sqlite_template: Path, folder: Path, storage: dict[str, str], **settings: str) -> Iterator[Stage]:
    """A stage in `folder`, torn down at the end."""
    shutil.copy(sqlite_template, folder / "test.sqlite3")
    told = {"UPLOAD_STALL_SECONDS": "5", "UPLOAD_LEASE_SECONDS": "2"} | storage | settings
    environment = environment_of(f"sqlite:///{folder / 'test.sqlite3'}", folder, **told)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        app = create_app(load(env_file=None))
    with Server(environment, folder / "server.log") as server:
        yield Stage(server, app, Person(app, "owner@example.com"))
    services_of(app)[TikTokClient].close()
    with app.app_context():
        db.engine.dispose()

"""The folder or bucket of media."""

from collections.abc import Iterator

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api.cli.diagnosis.result import CheckResult, first_line
from tiktok_api.extensions import services_of
from tiktok_api.schema import revisions
from tiktok_api.settings import MEBIBYTE, Settings
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.port import Storage


def check_storage(app: Flask, settings: Settings) -> Iterator[CheckResult]:
    storage = services_of(app)[Storage]
    is_s3 = settings.storage_url.startswith("s3:")
    probe = b"written by doctor"
    try:
        storage.check()
        if not is_s3 or _has_schema():  # of unfinished uploads to S3 the database keeps the state
            key = storage.new_key()
            try:
                storage.put(key, probe)
                is_same = b"".join(storage.read(key, 0, len(probe) - 1)) == probe
            finally:
                storage.delete(key)
            if not is_same:
                yield CheckResult("storage", "failed", "what is read is not what was written", "look at STORAGE_URL")
                return
    except (StorageError, OSError) as error:
        hint = "look at STORAGE_URL: may this user write in that folder, and is there room?"
        if is_s3:
            hint = "look at STORAGE_URL, S3_ENDPOINT_URL and AWS_…: does the bucket exist, and may these credentials write, read and delete?"
        yield CheckResult("storage", "failed", f"media cannot be stored: {first_line(error)}", hint)
    else:
        yield CheckResult("storage", "ok", f"{'S3' if is_s3 else 'the folder'} takes, gives back and deletes")
        yield from _room(storage, settings)


def _room(storage: Storage, settings: Settings) -> Iterator[CheckResult]:
    """Whether one new user can fill the disk alone."""
    free_bytes, quota = storage.free_bytes(), settings.media_quota_bytes_per_user
    if settings.registration == "open" and quota is not None and free_bytes is not None and free_bytes < quota:
        message = f"{free_bytes // MEBIBYTE} MiB are free, and one user may store {quota // MEBIBYTE} MiB"
        hint = "lower MEDIA_QUOTA_BYTES_PER_USER, set REGISTRATION=closed, or make room"
        yield CheckResult("storage", "warning", message, hint)


def _has_schema() -> bool:
    try:
        return revisions.state().is_current
    except SQLAlchemyError:
        return False

"""In which storages a test runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from tests.servers import S3_BUCKET, S3_CREDENTIALS
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage

on_each_storage = pytest.mark.parametrize("storage_environment", ["files", "s3"], indirect=True)
"""For what local files and S3 do differently: locks, parts, ranges."""

on_s3 = pytest.mark.parametrize("storage_environment", ["s3"], indirect=True)


def keys_in(app: Flask) -> set[str]:
    """The keys of whatever is in this application's storage."""
    with app.app_context():
        return set(services_of(app)[Storage].keys_before(datetime.now(UTC) + timedelta(hours=1)))


def files(folder: Path) -> dict[str, str]:
    """Settings for local files below `folder`."""
    return {"STORAGE_URL": (folder / "media").as_uri()}


def s3(endpoint_url: str) -> dict[str, str]:
    """Settings for an S3 prefix of its own."""
    return S3_CREDENTIALS | {
        "STORAGE_URL": f"s3://{S3_BUCKET}/{uuid4().hex}",
        "S3_ENDPOINT_URL": endpoint_url,
        "S3_LINK_SECONDS": "0",
    }

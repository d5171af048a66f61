"""A storage with the database that it needs, and nothing else of the application."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask

from tiktok_api.db import configure_engine, db, engine_options
from tiktok_api.storage.factory import storage_from_url
from tiktok_api.storage.port import Storage


@contextmanager
def opened(environment: Mapping[str, str], *, lease_seconds: float = 15.0, link_seconds: int = 0) -> Iterator[Storage]:
    """The storage that `environment` names, inside an application's context."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = environment["DATABASE_URL"]
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(environment["DATABASE_URL"])
    db.init_app(app)
    with app.app_context():
        configure_engine(db.engine)
        yield storage_from_url(
            environment["STORAGE_URL"],
            endpoint_url=environment.get("S3_ENDPOINT_URL"),
            lease=timedelta(seconds=lease_seconds),
            link_seconds=link_seconds,
        )
        db.engine.dispose()

"""An application on a scratch database, for measuring."""

from typing import Any

from flask import Flask

from tiktok_api.app import create_app
from tiktok_api.db import Model, db
from tiktok_api.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105 - of an account that lives for a minute


def make_app(settings: Settings, **changes: Any) -> Flask:
    """The application with its tables made."""
    app = create_app(settings.replace(**({"rate_limit_enabled": False} | changes)))
    with app.app_context():
        Model.metadata.create_all(db.engine)
    return app

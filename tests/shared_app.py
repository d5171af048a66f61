"""One application for many tests: its tables are emptied in between, because putting an application together takes longer
than most tests do."""

import shutil
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from tiktok_api.app import create_app
from tiktok_api.cli import flask_commands
from tiktok_api.db import db
from tiktok_api.settings import Settings
from tiktok_api.web.monitoring.health import Readiness

_applications: dict[tuple[str, str], Flask] = {}


def restore(file: Path, template: Path) -> str:
    """The URL of an SQLite database that is empty again; no connection to it may be open any more."""
    for app in _applications.values():
        with app.app_context():
            db.engine.dispose()
    for leftover in file.parent.glob(f"{file.name}*"):
        leftover.unlink()
    shutil.copy(template, file)
    return f"sqlite:///{file}"


def application(
    database_url: str, settings: Settings, *, kind: str = "plain", add: Callable[[Flask], Flask] = lambda app: app
) -> Flask:
    """The application of that kind on that database, put together when it is first asked for."""
    key = (database_url, kind)
    if key not in _applications:
        forgetful = {Readiness: Readiness(remembered_seconds=0.0)}
        _applications[key] = app = add(create_app(settings.replace(database_url=database_url), forgetful))
        flask_commands.install(app)
    _applications[key].config["PROPAGATE_BUGS"] = True
    return _applications[key]

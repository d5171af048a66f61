"""The application without its web: settings, database, parts, events and tasks; all that workers and commands need.

Routes, schemas and the API's document are a quarter of what there is to import.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tiktok_api import clock, clock_offset, logs
from tiktok_api.accounts import tasks as accounts_tasks
from tiktok_api.analytics import tasks as analytics_tasks
from tiktok_api.analytics.pictures import tasks as pictures_tasks
from tiktok_api.analytics.reports import tasks as reports_tasks
from tiktok_api.auth import tasks as auth_tasks
from tiktok_api.composition.services import compose, usable_folder
from tiktok_api.composition.subscriptions import subscribe
from tiktok_api.db import configure_engine, db, engine_options
from tiktok_api.media import tasks as media_tasks
from tiktok_api.posts import tasks as posts_tasks
from tiktok_api.posts.queue_slots import models as queue_slots_models
from tiktok_api.settings import Settings, SettingsInvalid, load
from tiktok_api.webhooks import tasks as webhooks_tasks

TASKS = (
    auth_tasks,
    accounts_tasks,
    media_tasks,
    posts_tasks,
    analytics_tasks,
    pictures_tasks,
    reports_tasks,
    webhooks_tasks,
)
"""Modules whose tasks are registered when they are imported."""
TABLES = (queue_slots_models,)
"""Modules of tables that no task needs: a worker knows them all the same."""


class Application(Flask):
    """Flask without views that are coroutines, which it looks for 16 times in each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_core(settings: Settings | None = None, replaced: Mapping[type, Any] | None = None) -> Flask:
    """Returns an application that answers no request. Raises SettingsInvalid.

    `replaced` holds parts by type that are used instead of those that the settings ask for.
    """
    settings = settings or load()
    logs.configure(settings.log_level)
    app = Application("tiktok_api.app", static_folder=None)
    compose(app, settings, replaced or {})
    _bind_database(app, settings)
    subscribe()
    return app


def log_remarks(settings: Settings) -> None:
    """Warn of names of settings that are probably misspelt."""
    for remark in settings.remarks:
        structlog.get_logger(__name__).warning("settings.doubtful", remark=remark)


def _bind_database(app: Flask, settings: Settings) -> None:
    database = make_url(settings.database_url)
    if database.drivername.startswith("sqlite") and database.database and not database.database.startswith("file:"):
        with usable_folder("DATABASE_URL"):
            Path(database.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    try:
        db.init_app(app)
    except (ValueError, ArgumentError) as error:
        raise SettingsInvalid(["DATABASE_URL: has options after `?` that are not understood"]) from error
    with app.app_context():
        configure_engine(db.engine)
    clock.use(clock_offset.offset)

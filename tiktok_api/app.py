"""The composition root: it knows every room, and `composition/` puts their parts together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import make_url

from tiktok_api import clock, clock_offset, logs
from tiktok_api.accounts import tasks as accounts_tasks
from tiktok_api.accounts.routes import blp as accounts_blueprint
from tiktok_api.analytics import tasks as analytics_tasks
from tiktok_api.analytics.pictures import tasks as pictures_tasks
from tiktok_api.analytics.pictures.routes import blp as pictures_blueprint
from tiktok_api.analytics.routes import blp as analytics_blueprint
from tiktok_api.analytics.routes import videos_blp as videos_blueprint
from tiktok_api.auth import tasks as auth_tasks
from tiktok_api.auth.routes import BLUEPRINTS as AUTH_BLUEPRINTS
from tiktok_api.composition.api import bind_domains
from tiktok_api.composition.services import compose, usable_folder
from tiktok_api.composition.subscriptions import subscribe
from tiktok_api.composition.web import bind_web
from tiktok_api.db import configure_engine, db, engine_options
from tiktok_api.extensions import migrate
from tiktok_api.media import tasks as media_tasks
from tiktok_api.media.routes import BLUEPRINTS as MEDIA_BLUEPRINTS
from tiktok_api.posts import tasks as posts_tasks
from tiktok_api.posts.routes import BLUEPRINTS as POSTS_BLUEPRINTS
from tiktok_api.schema.migrations_folder import migrations_folder
from tiktok_api.settings import Settings, SettingsInvalid, exit_with, load
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.webhooks import tasks as webhooks_tasks
from tiktok_api.webhooks.routes import blp as webhooks_blueprint

DOMAINS: tuple[Blueprint, ...] = (
    *AUTH_BLUEPRINTS,
    accounts_blueprint,
    *MEDIA_BLUEPRINTS,
    *POSTS_BLUEPRINTS,
    analytics_blueprint,
    webhooks_blueprint,
    videos_blueprint,
    pictures_blueprint,
)
TASKS = (auth_tasks, accounts_tasks, media_tasks, posts_tasks, analytics_tasks, pictures_tasks, webhooks_tasks)
"""Modules whose tasks are registered when they are imported."""


def create_app(settings: Settings | None = None, replaced: Mapping[type, Any] | None = None) -> Flask:
    """Returns a ready application. Raises SettingsInvalid.

    `replaced` holds parts by type that are used instead of those that the settings ask for.
    """
    settings = settings or load()
    logs.configure(settings.log_level)
    app = Flask(__name__, static_folder=None)
    compose(app, settings, replaced or {})
    _bind_database(app, settings)
    bind_web(app, settings)
    bind_domains(app, DOMAINS, public_url=settings.public_url)
    subscribe()
    return app


def create_app_or_exit() -> Flask:
    """The application of this process; if the settings are wrong, the process ends with a paragraph on standard error."""
    try:
        settings = load()
        app = create_app(settings)
    except SettingsInvalid as error:
        exit_with(error)
    log_remarks(settings)
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
    db.init_app(app)
    with app.app_context():
        configure_engine(db.engine)
    migrate.init_app(app, db, directory=str(migrations_folder()))
    clock.use(clock_offset.offset)

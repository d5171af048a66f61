"""The composition root: it knows every room, and `composition/` puts their parts together."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from tiktok_api.accounts.routes import blp as accounts_blueprint
from tiktok_api.analytics.charts.routes import BLUEPRINTS as CHART_BLUEPRINTS
from tiktok_api.analytics.exports.routes import blp as exports_blueprint
from tiktok_api.analytics.pictures.routes import blp as pictures_blueprint
from tiktok_api.analytics.reports.routes import blp as reports_blueprint
from tiktok_api.analytics.reports.routes import schedules_blp as report_schedules_blueprint
from tiktok_api.analytics.routes import BLUEPRINTS as ANALYTICS_BLUEPRINTS
from tiktok_api.analytics.videos.routes import blp as post_analytics_blueprint
from tiktok_api.auth.routes import BLUEPRINTS as AUTH_BLUEPRINTS
from tiktok_api.composition.api import bind_domains
from tiktok_api.composition.core import create_core, log_remarks
from tiktok_api.composition.web import bind_web
from tiktok_api.media.routes import BLUEPRINTS as MEDIA_BLUEPRINTS
from tiktok_api.posts.pulling.routes import blp as pulling_blueprint
from tiktok_api.posts.routes import BLUEPRINTS as POSTS_BLUEPRINTS
from tiktok_api.settings import Settings, SettingsInvalid, exit_with, load
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.webhooks.routes import blp as webhooks_blueprint

DOMAINS: tuple[Blueprint, ...] = (
    *AUTH_BLUEPRINTS,
    accounts_blueprint,
    *MEDIA_BLUEPRINTS,
    *POSTS_BLUEPRINTS,
    *ANALYTICS_BLUEPRINTS,
    post_analytics_blueprint,
    exports_blueprint,
    reports_blueprint,
    report_schedules_blueprint,
    webhooks_blueprint,
    pictures_blueprint,
    *CHART_BLUEPRINTS,
)


def create_app(settings: Settings | None = None, replaced: Mapping[type, Any] | None = None) -> Flask:
    """Returns a ready application. Raises SettingsInvalid.

    `replaced` holds parts by type that are used instead of those that the settings ask for.
    """
    settings = settings or load()
    app = create_core(settings, replaced)
    bind_web(app, settings)
    bind_domains(app, DOMAINS, public_url=settings.public_url)
    app.register_blueprint(pulling_blueprint)
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

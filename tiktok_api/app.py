"""The composition root: the only place that knows every room."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Response
from flask_cors import CORS
from sqlalchemy import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from tiktok_api import clock, clock_offset, events, logs
from tiktok_api.accounts import disconnection
from tiktok_api.accounts import monitoring as accounts_monitoring
from tiktok_api.accounts import services as accounts_services
from tiktok_api.accounts import tasks as accounts_tasks
from tiktok_api.accounts.routes import blp as accounts_blueprint
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics import ingest, queries
from tiktok_api.analytics import tasks as analytics_tasks
from tiktok_api.analytics.pictures import services, tasks
from tiktok_api.analytics.pictures.fetcher import PictureFetcher
from tiktok_api.analytics.pictures.routes import blp as pictures_blueprint
from tiktok_api.analytics.routes import blp as analytics_blueprint
from tiktok_api.analytics.routes import videos_blp as videos_blueprint
from tiktok_api.auth import tasks as auth_tasks
from tiktok_api.auth import tokens
from tiktok_api.auth.emails.mailer import Mailer, mailer_from_url
from tiktok_api.auth.routes import BLUEPRINTS as AUTH_BLUEPRINTS
from tiktok_api.composition import health_checks
from tiktok_api.db import configure_engine, db, engine_options
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import make_api, migrate, service, services_of
from tiktok_api.jobs import monitoring as jobs_monitoring
from tiktok_api.media import deduplication
from tiktok_api.media import monitoring as media_monitoring
from tiktok_api.media import tasks as media_tasks
from tiktok_api.media.errors import StorageUnavailable
from tiktok_api.media.imports.concurrency import ImportSlots
from tiktok_api.media.routes import BLUEPRINTS as MEDIA_BLUEPRINTS
from tiktok_api.outbound import Fetcher, Policy
from tiktok_api.posts import listeners
from tiktok_api.posts import monitoring as posts_monitoring
from tiktok_api.posts import tasks as posts_tasks
from tiktok_api.posts.account_routes import blp as posting_blueprint
from tiktok_api.posts.matching import videos
from tiktok_api.posts.routes import blp as posts_blueprint
from tiktok_api.posts.routes import publications as publications_blueprint
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.waiting import pending_media
from tiktok_api.schema.migrations_folder import migrations_folder
from tiktok_api.settings import MEBIBYTE, Settings, SettingsInvalid, exit_with, load
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.factory import storage_from_url
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import TikTokClient
from tiktok_api.web import authentication, limits, rendering
from tiktok_api.web.blueprint import AnyIdConverter, Blueprint
from tiktok_api.web.health import HealthChecks
from tiktok_api.web.health import health as health_blueprint
from tiktok_api.web.metrics import Gauges, server_gauges
from tiktok_api.web.metrics import blp as metrics_blueprint
from tiktok_api.web.middleware import request_ids, request_log
from tiktok_api.web.middleware.unread_bodies import keep_promises
from tiktok_api.web.openapi.docs import docs
from tiktok_api.web.openapi.json_schemas import SchemaPlugin
from tiktok_api.web.openapi.operations import describe_common_parts
from tiktok_api.webhooks import tasks as webhooks_tasks
from tiktok_api.webhooks.routes import blp as webhooks_blueprint

API_PREFIX = "/api/v1"
LARGEST_JSON = MEBIBYTE

DOMAINS: tuple[Blueprint, ...] = (
    *AUTH_BLUEPRINTS,
    accounts_blueprint,
    *MEDIA_BLUEPRINTS,
    posts_blueprint,
    publications_blueprint,
    posting_blueprint,
    analytics_blueprint,
    webhooks_blueprint,
    videos_blueprint,
    pictures_blueprint,
)
TASKS = (auth_tasks, accounts_tasks, media_tasks, posts_tasks, analytics_tasks, tasks, webhooks_tasks)
"""The rooms whose tasks register themselves by being imported."""

GAUGES = (
    server_gauges,
    jobs_monitoring.gauges,
    posts_monitoring.gauges,
    accounts_monitoring.gauges,
    media_monitoring.gauges,
)

DESCRIPTION = """\
Run many TikTok accounts: connect them by OAuth, upload media, draft, validate, schedule and publish posts, and read
analytics that stay correct.

Every error is a problem document (RFC 9457); its codes are listed at [/docs/problems](/docs/problems). Lists answer
`data`, `next_cursor` and `has_more`. A POST that creates or acts takes an `Idempotency-Key`.
"""


def create_app(settings: Settings | None = None, replaced: Mapping[type, Any] | None = None) -> Flask:
    """Returns a ready application. Raises SettingsInvalid.

    `replaced` holds parts by type that are used instead of those that the settings ask for.
    """
    settings = settings or load()
    logs.configure(settings.log_level)
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = True
    app.url_map.converters["uuid"] = AnyIdConverter
    _compose(app, settings, replaced or {})
    _bind_database(app, settings)
    _bind_web(app, settings)
    _bind_domains(app, settings.public_url)
    _subscribe()
    return app


def create_app_or_exit() -> Flask:
    """The application of this process; the process ends with a paragraph on standard error if its settings are wrong."""
    try:
        settings = load()
        app = create_app(settings)
    except SettingsInvalid as error:
        exit_with(error)
    log_remarks(settings)
    return app


def log_remarks(settings: Settings) -> None:
    """Warn of what is doubtful about the settings' names."""
    for remark in settings.remarks:
        structlog.get_logger(__name__).warning("settings.doubtful", remark=remark)


def _compose(app: Flask, settings: Settings, replaced: Mapping[type, Any]) -> None:
    """Make what routes and tasks ask for by type."""
    services = services_of(app)
    made: dict[type, Callable[[], Any]] = {
        Settings: lambda: settings,
        Encryptor: lambda: Encryptor(settings.vault_keys),
        ImportSlots: lambda: ImportSlots(max(1, settings.worker_threads // 2)),
        HealthChecks: lambda: HealthChecks(health_checks.CHECKS),
        Gauges: lambda: Gauges(GAUGES),
        Storage: lambda: _make_storage(settings),
        Mailer: lambda: mailer_from_url(settings.mail_url, sender=settings.mail_from),
        Fetcher: lambda: Fetcher(_policy(settings)),
        PictureFetcher: lambda: PictureFetcher(_picture_policy(settings)),
        TikTokClient: lambda: _make_client(settings),
        TokenVault: lambda: TokenVault(services[TikTokClient], services[Encryptor]),  # after the two that it needs
    }
    for kind, make in made.items():
        services[kind] = replaced[kind] if kind in replaced else make()


def _make_client(settings: Settings) -> TikTokClient:
    return TikTokClient(
        client_key=settings.tiktok_client_key,
        client_secret=settings.tiktok_client_secret,
        api_url=settings.tiktok_api_url,
        authorize_url=settings.tiktok_authorize_url,
        app_type=settings.tiktok_app_type,
        allow_http=settings.tiktok_allow_http,
    )


def _make_storage(settings: Settings) -> Storage:
    with _usable_folder("STORAGE_URL"):
        return storage_from_url(
            settings.storage_url,
            endpoint_url=settings.s3_endpoint_url,
            public_endpoint_url=settings.s3_public_endpoint_url,
            link_seconds=settings.s3_link_seconds,
            lease=timedelta(seconds=settings.upload_lease_seconds),
        )


@contextmanager
def _usable_folder(name: str) -> Iterator[None]:
    """Turns what the system says of a folder that a setting names into SettingsInvalid."""
    try:
        yield
    except OSError as error:
        raise SettingsInvalid([f"{name}: the folder {error.filename} cannot be used: {error.strerror}"]) from error


def _policy(settings: Settings) -> Policy:
    """Where URLs that clients give us may lead."""
    return Policy(
        allow_http=settings.outbound_allow_http,
        ports=frozenset(settings.outbound_ports),
        networks=settings.outbound_networks,
    )


def _picture_policy(settings: Settings) -> Policy:
    """Where TikTok's picture URLs may lead; a simulator's are on this machine, as its upload URLs are."""
    if not settings.tiktok_allow_http:
        return _policy(settings)
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    networks = (*settings.outbound_networks, *loopback)
    return Policy(allow_http=True, ports=frozenset(settings.outbound_ports), networks=networks)


def _bind_database(app: Flask, settings: Settings) -> None:
    database = make_url(settings.database_url)
    if database.drivername.startswith("sqlite") and database.database and not database.database.startswith("file:"):
        with _usable_folder("DATABASE_URL"):
            Path(database.database).parent.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        configure_engine(db.engine)
    migrate.init_app(app, db, directory=str(migrations_folder()))
    clock.use(clock_offset.offset)


def _bind_web(app: Flask, settings: Settings) -> None:
    """The order is that in which a request meets them."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_JSON
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    tokens.install(app, settings)
    request_ids.install(app)
    authentication.install(app, tokens.make_authenticator())
    limits.install(app, settings)
    rendering.install(app)
    app.register_error_handler(StorageError, _render_storage)
    _allow_origins(app, settings)
    app.after_request(_harden)
    app.register_blueprint(health_blueprint)
    app.register_blueprint(metrics_blueprint)
    app.register_blueprint(docs)
    request_log.install(app)
    # The outermost: it asks gunicorn itself, by the start_response that it hands to us, to end a connection.
    app.wsgi_app = keep_promises(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _allow_origins(app: Flask, settings: Settings) -> None:
    if settings.cors_origins:
        exposed = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID", "Idempotency-Replayed"]
        exposed += ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
        exposed += ["Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"]
        exposed += ["Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata", "Upload-Defer-Length"]
        CORS(app, origins=list(settings.cors_origins), expose_headers=exposed, max_age=86400)


def _harden(response: Any) -> Any:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("X-Frame-Options", "DENY")
    return response


def _bind_domains(app: Flask, public_url: str) -> None:
    app.config.update(
        API_TITLE="TikTok API server",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {
                "description": DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
                "contact": {"name": "The operator of this server", "url": public_url},
            },
            "servers": [
                {"url": public_url, "description": "PUBLIC_URL of this server"},
                {"url": "/", "description": "Where this document comes from"},
            ],
        },
    )
    api = make_api()
    api._register_error_handlers = lambda: None  # rendering.py has the only one
    api.init_app(app, spec_kwargs={"marshmallow_plugin": SchemaPlugin()})
    describe_common_parts(api)
    for blueprint in DOMAINS:
        api.register_blueprint(blueprint, url_prefix=API_PREFIX + (blueprint.url_prefix or ""))
    app.extensions["tiktok_api.api"] = api


def _subscribe() -> None:
    """Who listens to whom; subscribing again, for another application, changes nothing."""
    events.subscribe("accounts.named", accounts_services.get_accounts)
    events.subscribe("user.leaving", _let_accounts_go)
    events.subscribe("user.leaving", listeners.forget_posts)
    events.subscribe("user.leaving", deduplication.release_all_bytes)
    events.subscribe("media.is_used", listeners.is_shown)
    events.subscribe("media.inspected", pending_media.check_posts_of)
    events.subscribe("media.lapsed", pending_media.check_posts_of)
    events.subscribe("media.may_be_deleted", listeners.veto_deletion)
    events.subscribe("account.disconnecting", listeners.give_up_account)
    events.subscribe("account.reconnected", listeners.resume_account)
    events.subscribe("account.disconnecting", services.let_pictures_go)
    events.subscribe("account.profile_read", ingest.keep_profile)
    for state in PublicationState:
        events.subscribe(f"publication.{state}", posts_monitoring.count_transition)
    events.subscribe("account.profile_read", services.request_pictures)
    events.subscribe("storage.keys_held", services.held_among)
    events.subscribe("account.sync_requested", ingest.request_walk)
    events.subscribe("account.videos_listed", videos.enqueue_matching)
    events.subscribe("account.videos", queries.listed_since)


def _let_accounts_go(user_id: UUID) -> None:
    disconnection.disconnect_all(user_id, service(TokenVault))


def _render_storage(error: StorageError) -> Response:
    structlog.get_logger(__name__).error("storage.unavailable", error=repr(error))
    return rendering.render(StorageUnavailable(headers={"Retry-After": "5"}))

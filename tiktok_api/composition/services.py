"""The parts that routes and tasks ask for by type: clients, storage, mailer, made once for each application."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from flask import Flask

from tiktok_api.accounts import monitoring as accounts_monitoring
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection import monitoring as collection_monitoring
from tiktok_api.analytics.pictures.fetcher import PictureFetcher
from tiktok_api.auth.emails.mailer import Mailer, mailer_from_url
from tiktok_api.composition.health_checks import CHECKS
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import services_of
from tiktok_api.jobs import monitoring as jobs_monitoring
from tiktok_api.media import monitoring as media_monitoring
from tiktok_api.media.uploads.kept_hashes import KeptHashes
from tiktok_api.outbound import Fetcher, Policy
from tiktok_api.posts import monitoring as posts_monitoring
from tiktok_api.settings import Settings, SettingsInvalid
from tiktok_api.storage.factory import storage_from_url
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import TikTokClient
from tiktok_api.web.limits.counts import Counts
from tiktok_api.web.monitoring.health import HealthChecks, Readiness
from tiktok_api.web.monitoring.metrics import Gauges, server_gauges

GAUGES = (
    server_gauges,
    jobs_monitoring.gauges,
    posts_monitoring.gauges,
    accounts_monitoring.gauges,
    media_monitoring.gauges,
    collection_monitoring.gauges,
)


def compose(app: Flask, settings: Settings, replaced: Mapping[type, Any]) -> None:
    """Make every part; those in `replaced` are used as they are. Raises SettingsInvalid."""
    services = services_of(app)
    makers: dict[type, Callable[[], Any]] = {
        Settings: lambda: settings,
        Encryptor: lambda: Encryptor(settings.vault_keys),
        HealthChecks: lambda: HealthChecks(CHECKS),
        Readiness: Readiness,
        Counts: lambda: Counts(settings.redis_url),
        Gauges: lambda: Gauges(GAUGES),
        Storage: lambda: _make_storage(settings),
        KeptHashes: KeptHashes,
        Mailer: lambda: mailer_from_url(settings.mail_url, sender=settings.mail_from),
        Fetcher: lambda: Fetcher(_policy(settings)),
        PictureFetcher: lambda: PictureFetcher(_picture_policy(settings)),
        TikTokClient: lambda: _make_client(settings),
        TokenVault: lambda: TokenVault(
            services[TikTokClient], services[Encryptor], settings.tiktok_reads_per_minute
        ),  # after the two that it needs
    }
    for kind, make in makers.items():
        services[kind] = replaced[kind] if kind in replaced else make()


@contextmanager
def usable_folder(name: str) -> Iterator[None]:
    """Turns an OSError about a folder that the setting `name` names into SettingsInvalid."""
    try:
        yield
    except OSError as error:
        raise SettingsInvalid([f"{name}: the folder {error.filename} cannot be used: {error.strerror}"]) from error


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
    with usable_folder("STORAGE_URL"):
        return storage_from_url(
            settings.storage_url,
            endpoint_url=settings.s3_endpoint_url,
            public_endpoint_url=settings.s3_public_endpoint_url,
            link_seconds=settings.s3_link_seconds,
            lease=timedelta(seconds=settings.upload_lease_seconds),
            is_shared=settings.x_accel_prefix is not None,
        )


def _policy(settings: Settings) -> Policy:
    """Which addresses the URLs of clients may lead to."""
    return Policy(
        allow_http=settings.outbound_allow_http,
        ports=frozenset(settings.outbound_ports),
        networks=settings.outbound_networks,
    )


def _picture_policy(settings: Settings) -> Policy:
    """Which addresses TikTok's picture URLs may lead to; a simulator's are on this machine, as its upload URLs are."""
    if not settings.tiktok_allow_http:
        return _policy(settings)
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    networks = (*settings.outbound_networks, *loopback)
    return Policy(allow_http=True, ports=frozenset(settings.outbound_ports), networks=networks)

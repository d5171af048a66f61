"""The rules of settings in words: what a value may be, and which values contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tiktok_api.settings import exposure, secret_strength

if TYPE_CHECKING:
    from tiktok_api.settings import Settings

_TIKTOK = "open.tiktokapis.com"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIMULATED_CLIENT_SECRET = "sim-client-secret-0001"  # noqa: S105 - the simulator's, for the app that it starts with


def allowed(field: FieldInfo) -> str:
    """What a setting may be, in words; empty if only its description can say that."""
    kind, bounds = _unwrapped(field.annotation, list(field.metadata))
    if get_origin(kind) is Literal:
        *others, last = get_args(kind)
        return f"{', '.join(others)} or {last}" if others else str(last)
    if kind is bool:
        return "true or false"
    if kind not in (int, float):
        return ""
    noun = "a whole number" if kind is int else "a number"
    least = next((bound for bound in bounds if isinstance(bound, Ge | Gt)), None)
    most = next((bound for bound in bounds if isinstance(bound, Le | Lt)), None)
    if least is None or most is None:
        return noun
    lowest = f"from {least.ge:g}" if isinstance(least, Ge) else f"above {least.gt:g}"
    return f"{noun} {lowest} to {_plain(most.le if isinstance(most, Le) else most.lt)}"


def _plain(bound: Any) -> str:
    return f"{int(bound)}" if int(bound) == bound else f"{bound:g}"


def _unwrapped(kind: Any, bounds: list[Any]) -> tuple[Any, list[Any]]:
    """The type inside `… | None` and `Annotated[…]`, with its bounds."""
    if get_origin(kind) is Annotated:
        inner, *metadata = get_args(kind)
        found = [part for entry in metadata for part in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
        return _unwrapped(inner, [*bounds, *found])
    if NoneType in get_args(kind):
        return _unwrapped(next(part for part in get_args(kind) if part is not NoneType), bounds)
    return kind, bounds


def worded(error: ErrorDetails, field: FieldInfo) -> str:
    """What is wrong with a value and what is allowed, without the value."""
    place = f"entry {error['loc'][1] + 1} " if len(error["loc"]) > 1 and isinstance(error["loc"][1], int) else ""
    if error["type"] == "missing":
        return "must be set"
    if error["type"] == "value_error":
        return place + str(error["ctx"]["error"])
    if error["type"] == "string_too_short":
        return f"must have at least {error['ctx']['min_length']} characters"
    if error["type"] == "string_too_long":
        return f"must have at most {error['ctx']['max_length']} characters"
    if place:
        return f"{place}must be a whole number from 1 to 65535"
    return f"must be {allowed(field)}" if allowed(field) else error["msg"]


def contradictions(settings: Settings) -> Iterator[tuple[set[str], str, str]]:
    """Values that contradict each other: the fields that were compared, the one to name, and the problem."""
    for field in ("tiktok_api_url", "tiktok_authorize_url"):
        if getattr(settings, field).startswith("http://") and not settings.tiktok_allow_http:
            yield {field, "tiktok_allow_http"}, field, "plain http is accepted only with TIKTOK_ALLOW_HTTP=true"
    if settings.poll_min_seconds > settings.poll_max_seconds:
        yield {"poll_min_seconds", "poll_max_seconds"}, "poll_min_seconds", "is greater than POLL_MAX_SECONDS"
    if settings.readings_full_days >= settings.readings_keep_days:
        yield (
            {"readings_full_days", "readings_keep_days"},
            "readings_full_days",
            "must be less than READINGS_KEEP_DAYS",
        )
    if settings.upload_stall_seconds > settings.upload_ttl_seconds:
        yield (
            {"upload_stall_seconds", "upload_ttl_seconds"},
            "upload_stall_seconds",
            "is greater than UPLOAD_TTL_SECONDS",
        )
    yield from _storage_contradictions(settings)


def _storage_contradictions(settings: Settings) -> Iterator[tuple[set[str], str, str]]:
    if not settings.storage_url.startswith("s3:"):
        for field in ("s3_endpoint_url", "s3_public_endpoint_url"):
            if getattr(settings, field):
                yield {field, "storage_url"}, field, "has no meaning unless STORAGE_URL is s3://…"
        return
    if settings.x_accel_prefix:
        yield (
            {"x_accel_prefix", "storage_url"},
            "x_accel_prefix",
            "a web server has no files to hand out while STORAGE_URL is s3://…",
        )
    if settings.s3_public_endpoint_url and settings.s3_link_seconds == 0:
        yield (
            {"s3_public_endpoint_url", "s3_link_seconds"},
            "s3_public_endpoint_url",
            "no client is sent there while S3_LINK_SECONDS is 0",
        )


def doubts(settings: Settings) -> Iterator[str]:
    """Settings that work but are probably a mistake, each with the setting's name first."""
    is_sqlite = settings.database_url.startswith("sqlite")
    public = urlsplit(settings.public_url)
    is_public = public.hostname not in _LOOPBACK
    is_real = urlsplit(settings.tiktok_api_url).hostname == _TIKTOK
    if settings.web_concurrency > 1 and is_sqlite:
        yield "WEB_CONCURRENCY: several processes wait for each other on SQLite; name PostgreSQL in DATABASE_URL"
    if settings.web_concurrency > 1 and not settings.redis_url and settings.rate_limit_enabled:
        yield "WEB_CONCURRENCY: without REDIS_URL each process counts for itself, so a client gets several times its limit"
    if is_public and public.scheme == "http":
        yield "PUBLIC_URL: over plain http, passwords and tokens can be read on the way; put TLS in front and say https"
    if is_public and settings.mail_url.startswith("file:") and settings.registration == "open":
        yield "MAIL_URL: no mail server is named, so emails are not sent but written to files"
    if settings.email_verification and settings.mail_url.startswith("file:"):
        yield "EMAIL_VERIFICATION: people must prove their address, but emails only become files (MAIL_URL)"
    if settings.trusted_proxies and exposure.is_on_every_address(settings):
        yield "BIND: clients that reach this port past the proxy can claim any address (TRUSTED_PROXIES); bind to 127.0.0.1"
    if settings.x_accel_prefix and not settings.trusted_proxies:
        yield "TRUSTED_PROXIES: is 0 although nginx is in front (X_ACCEL_PREFIX): all clients share one address and its limit"
    for quota in ("media_quota_bytes_per_user", "media_quota_files_per_user"):
        if settings.registration == "open" and getattr(settings, quota) is None:
            yield f"{quota.upper()}: is lifted while REGISTRATION is open, so any new user can fill the storage"
    if settings.media_quota_bytes_per_user and settings.media_quota_bytes_per_user < settings.media_max_bytes:
        yield "MEDIA_QUOTA_BYTES_PER_USER: is smaller than one file may be (MEDIA_MAX_BYTES)"
    if is_real and settings.tiktok_allow_http:
        yield "TIKTOK_ALLOW_HTTP: is for the simulator only; this is TikTok itself"
    if is_real and settings.allow_test_clock:
        yield "ALLOW_TEST_CLOCK: business time can be moved although this is TikTok itself"
    if not settings.rate_limit_enabled and is_public:
        yield "RATE_LIMIT_ENABLED: is off, so passwords can be guessed as fast as the server goes"
    if is_real and settings.tiktok_client_secret == SIMULATED_CLIENT_SECRET:
        yield "TIKTOK_CLIENT_SECRET: is the one that every simulator has, so webhooks can be forged; this is TikTok itself"
    if secret_strength.is_repetition(settings.secret_key):
        yield "SECRET_KEY: repeats itself, so it is weaker than it is long; take a random one"
    yield from exposure.doubts(settings)

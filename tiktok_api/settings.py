"""Everything an operator can set: read from the environment and `.env`, checked as a whole, immutable afterwards."""

import base64
import binascii
import os
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from environs import Env, EnvError, ValidationError, validate

MEBIBYTE = 1024 * 1024


class SettingsInvalid(Exception):
    """Some settings are missing or contradict each other; all of them are named at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))


Network = IPv4Network | IPv6Network

KeyRing = dict[str, bytes]
"""Keys by id, the current one first: it signs and seals; the others only verify and open."""

DERIVED = "derived"
"""The id of the key that comes from SECRET_KEY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings by topic; meanings and defaults are in `.env.example`."""

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    jwt_keys: KeyRing = field(repr=False)
    vault_keys: KeyRing = field(repr=False)
    public_url: str
    storage_url: str
    s3_endpoint_url: str | None
    s3_public_endpoint_url: str | None
    s3_link_seconds: int
    x_accel_prefix: str | None
    tiktok_client_key: str
    tiktok_client_secret: str = field(repr=False)
    tiktok_authorize_url: str
    tiktok_api_url: str
    tiktok_app_type: Literal["web", "desktop"]
    tiktok_scopes: tuple[str, ...]
    tiktok_allow_http: bool
    cors_origins: tuple[str, ...]
    return_url_origins: tuple[str, ...]
    registration: str
    email_verification: bool
    mail_url: str = field(repr=False)
    mail_from: str
    frontend_url: str | None
    rate_limit_per_minute: int
    rate_limit_enabled: bool
    upload_mebibytes_per_minute: int
    webhook_tolerance_seconds: float
    trusted_proxies: int
    jobs_executor: str
    worker_threads: int
    lease_seconds: float
    poll_min_seconds: float
    poll_max_seconds: float
    unconfirmed_after_seconds: float
    late_policy: Literal["publish", "hold", "skip"]
    late_after_seconds: float
    sync_seconds: float
    creator_posts_per_day: int
    app_creators_per_day: int | None
    media_max_bytes: int
    media_quota_bytes_per_user: int | None
    media_quota_files_per_user: int | None
    upload_ttl_seconds: float
    upload_stall_seconds: float
    import_max_seconds: float
    outbound_allow_http: bool
    outbound_ports: tuple[int, ...]
    outbound_networks: tuple[Network, ...]
    audit_days: int
    upload_lease_seconds: float
    allow_test_clock: bool
    log_level: str

    def derive_key(self, purpose: str) -> bytes:
        """A 32-byte key of its own for `purpose`, derived from SECRET_KEY by HKDF-SHA256 (RFC 5869)."""
        return _derive(self.secret_key, purpose)


def load(env_file: str | Path | None = ".env", secrets_file: str | Path | None = "instance/secrets.env") -> Settings:
    """Read and check every setting.

    Raises SettingsInvalid naming every missing, malformed or contradictory one. Variables that are already in the
    environment win over both files.
    """
    env = Env(eager=False)
    for file in (env_file, secrets_file):
        if file and Path(file).is_file():
            env.read_env(str(file), recurse=False)
    for name in Settings.__dataclass_fields__:
        if not os.environ.get(name.upper(), "?").strip():  # an empty setting is one that was not made
            del os.environ[name.upper()]
    values = _read(env)
    problems: list[str] = []
    try:
        env.seal()
    except EnvError as error:
        problems = [f"{name}: {' '.join(map(str, why))}" for name, why in error.error_messages.items()]  # type: ignore[attr-defined]
    problems += _contradictions(values)
    if problems:
        raise SettingsInvalid(problems)
    for name in ("public_url", "tiktok_api_url"):
        values[name] = values[name].rstrip("/")
    for purpose in ("jwt", "vault"):
        values[f"{purpose}_keys"] = _ring(values[f"{purpose}_keys"], _derive(values["secret_key"], purpose))
    values["mail_from"] = values["mail_from"] or f"no-reply@{urlsplit(values['public_url']).hostname}"
    values["frontend_url"] = values["frontend_url"].rstrip("/") or None
    if values["email_verification"] is None:
        values["email_verification"] = values["mail_url"].startswith("smtp")
    return Settings(**values)


def _read(env: Env) -> dict:  # type: ignore[type-arg]  # a bag on its way into Settings
    positive = validate.Range(min=0, min_inclusive=False)
    return {
        "database_url": env.str("DATABASE_URL", "sqlite:///instance/tiktok_api.sqlite3", validate=_is_database_url),
        "redis_url": env.str("REDIS_URL", "", validate=_is_redis_url) or None,
        "secret_key": env.str("SECRET_KEY", validate=validate.Length(min=32)),
        "jwt_keys": env.list("JWT_KEYS", [], validate=_is_ring),
        "vault_keys": env.list("VAULT_KEYS", [], validate=_is_ring),
        "public_url": env.str("PUBLIC_URL", "http://127.0.0.1:8080", validate=_is_web_url),
        "storage_url": env.str(
            "STORAGE_URL", "file:///" + str(Path("instance/media").resolve()).lstrip("/"), validate=_is_storage_url
        ),
        "s3_endpoint_url": env.str("S3_ENDPOINT_URL", "", validate=_is_web_url_or_nothing) or None,
        "s3_public_endpoint_url": env.str("S3_PUBLIC_ENDPOINT_URL", "", validate=_is_web_url_or_nothing) or None,
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html: seven days at most
        "s3_link_seconds": env.int("S3_LINK_SECONDS", 300, validate=validate.Range(min=0, max=604_800)),
        "x_accel_prefix": env.str("X_ACCEL_PREFIX", "", validate=_is_location) or None,
        "tiktok_client_key": env.str("TIKTOK_CLIENT_KEY"),
        "tiktok_client_secret": env.str("TIKTOK_CLIENT_SECRET"),
        "tiktok_authorize_url": env.str(
            "TIKTOK_AUTHORIZE_URL", "https://www.tiktok.com/v2/auth/authorize/", validate=_is_web_url
        ),
        "tiktok_api_url": env.str("TIKTOK_API_URL", "https://open.tiktokapis.com", validate=_is_web_url),
        "tiktok_scopes": tuple(env.list("TIKTOK_SCOPES", [])),
        "tiktok_app_type": env.str("TIKTOK_APP_TYPE", "web", validate=validate.OneOf(["web", "desktop"])),
        "tiktok_allow_http": env.bool("TIKTOK_ALLOW_HTTP", False),
        "cors_origins": tuple(env.list("CORS_ORIGINS", [], validate=_are_origins) or ()),
        "return_url_origins": tuple(env.list("RETURN_URL_ORIGINS", [], validate=_are_origins) or ()),
        "registration": env.str("REGISTRATION", "open", validate=validate.OneOf(["open", "closed"])),
        "email_verification": env.bool("EMAIL_VERIFICATION", None),
        "mail_url": env.str(
            "MAIL_URL", "file:///" + str(Path("instance/mail").resolve()).lstrip("/"), validate=_is_mail_url
        ),
        "mail_from": env.str("MAIL_FROM", "", validate=_is_sender),
        "frontend_url": env.str("FRONTEND_URL", "", validate=_is_web_url_or_nothing),
        "rate_limit_per_minute": env.int("RATE_LIMIT_PER_MINUTE", 100, validate=positive),
        "upload_mebibytes_per_minute": env.int("UPLOAD_MEBIBYTES_PER_MINUTE", 2048, validate=positive),
        "webhook_tolerance_seconds": env.float("WEBHOOK_TOLERANCE_SECONDS", 300.0, validate=positive),
        "rate_limit_enabled": env.bool("RATE_LIMIT_ENABLED", True),
        "trusted_proxies": env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0)),
        "jobs_executor": env.str("JOBS_EXECUTOR", "threads", validate=validate.OneOf(["threads"])),
        "worker_threads": env.int("WORKER_THREADS", 4, validate=positive),
        "lease_seconds": env.float("LEASE_SECONDS", 60.0, validate=positive),
        "poll_min_seconds": env.float("POLL_MIN_SECONDS", 5.0, validate=positive),
        "poll_max_seconds": env.float("POLL_MAX_SECONDS", 60.0, validate=positive),
        "unconfirmed_after_seconds": env.float("UNCONFIRMED_AFTER_SECONDS", 86400.0, validate=positive),
        "late_policy": env.str("LATE_POLICY", "hold", validate=validate.OneOf(["publish", "hold", "skip"])),
        "late_after_seconds": env.float("LATE_AFTER_SECONDS", 3600.0, validate=positive),
        "sync_seconds": env.float("SYNC_SECONDS", 3000.0, validate=positive),
        "creator_posts_per_day": env.int("CREATOR_POSTS_PER_DAY", 15, validate=positive),
        "app_creators_per_day": env.int("APP_CREATORS_PER_DAY", 0, validate=validate.Range(min=0)) or None,
        "media_max_bytes": env.int("MEDIA_MAX_BYTES", 500 * MEBIBYTE, validate=positive),
        "media_quota_bytes_per_user": env.int("MEDIA_QUOTA_BYTES_PER_USER", None, validate=positive),
        "media_quota_files_per_user": env.int("MEDIA_QUOTA_FILES_PER_USER", None, validate=positive),
        "upload_ttl_seconds": env.float("UPLOAD_TTL_SECONDS", 86400.0, validate=positive),
        "upload_stall_seconds": env.float("UPLOAD_STALL_SECONDS", 30.0, validate=positive),
        "import_max_seconds": env.float("IMPORT_MAX_SECONDS", 1800.0, validate=positive),
        "outbound_allow_http": env.bool("OUTBOUND_ALLOW_HTTP", False),
        "outbound_ports": tuple(env.list("OUTBOUND_PORTS", [], subcast=int, validate=_are_ports) or ()),
        "outbound_networks": tuple(env.list("OUTBOUND_NETWORKS", [], subcast=_network) or ()),
        "audit_days": env.int("AUDIT_DAYS", 400, validate=validate.Range(min=1, max=36_500)),
        "upload_lease_seconds": env.float("UPLOAD_LEASE_SECONDS", 15.0, validate=validate.Range(min=1, max=300)),
        "allow_test_clock": env.bool("ALLOW_TEST_CLOCK", False),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
    }


def _contradictions(values: dict) -> list[str]:  # type: ignore[type-arg]
    """What is wrong with values that are fine each by itself; what is not fine is None here."""
    problems = [
        f"{name.upper()}: plain http is accepted only with TIKTOK_ALLOW_HTTP=true"
        for name in ("tiktok_api_url", "tiktok_authorize_url")
        if str(values[name]).startswith("http://") and not values["tiktok_allow_http"]
    ]
    shortest, longest = values["poll_min_seconds"], values["poll_max_seconds"]
    if shortest and longest and shortest > longest:
        problems.append("POLL_MIN_SECONDS: is greater than POLL_MAX_SECONDS")
    return problems + _storage_contradictions(values)


def _storage_contradictions(values: dict) -> list[str]:  # type: ignore[type-arg]
    is_s3 = str(values["storage_url"]).startswith("s3:")
    if not is_s3:
        only_s3 = ("s3_endpoint_url", "s3_public_endpoint_url")
        return [f"{name.upper()}: has no meaning unless STORAGE_URL is s3" for name in only_s3 if values[name]]
    problems = []
    if values["x_accel_prefix"]:
        problems.append("X_ACCEL_PREFIX: a web server has no files to hand out while STORAGE_URL is s3")
    if values["s3_public_endpoint_url"] and values["s3_link_seconds"] == 0:
        problems.append("S3_PUBLIC_ENDPOINT_URL: no client is sent there while S3_LINK_SECONDS is 0")
    return problems


def _is_url(value: str, schemes: tuple[str, ...] = (), *, needs_host: bool = False) -> None:
    parts = urlsplit(value)
    if not parts.scheme or (needs_host and not parts.hostname):
        raise ValidationError("Not a URL.")
    if schemes and parts.scheme not in schemes:
        raise ValidationError(f"Not a URL that begins with {' or '.join(f'{scheme}:' for scheme in schemes)}")


def _is_web_url(value: str) -> None:
    _is_url(value, ("https", "http"), needs_host=True)


def _is_storage_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path not in ("", "/"):
        return
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()-]+)*/?", value):
        raise ValidationError("Not like file:///a/folder or s3://bucket/prefix.")


def _is_location(value: str) -> None:
    if value and not re.fullmatch(r"/([A-Za-z0-9_.~-]+/)+", value):
        raise ValidationError("Not like /media-files/, a location that nginx keeps internal.")


def _is_database_url(value: str) -> None:
    _is_url(value, ("sqlite", "postgresql", "postgresql+psycopg"))


def _is_web_url_or_nothing(value: str) -> None:
    if value:
        _is_web_url(value)


def _is_mail_url(value: str) -> None:
    _is_url(value, ("file", "smtp", "smtps"), needs_host=not value.startswith("file:"))
    query = dict(parse_qsl(urlsplit(value).query, keep_blank_values=True))
    if query and query not in ({"starttls": "true"}, {"starttls": "false"}):
        raise ValidationError("Takes no parameter but starttls=true or starttls=false.")


def _is_sender(value: str) -> None:
    if value and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+|[^<>@\"\r\n]+ <[^@\s<>]+@[^@\s<>]+>", value):
        raise ValidationError("Not an address such as no-reply@example.com or Example <no-reply@example.com>.")


def _is_redis_url(value: str) -> None:
    if value:
        _is_url(value, ("redis", "rediss", "unix"))


def _are_origins(values: list[str]) -> None:
    """Browsers send `https://host[:port]` and nothing more: anything else would never match."""
    if not all(re.fullmatch(r"https?://[^/?#@*\s]+", value) for value in values):
        raise ValidationError("Each must be an origin such as https://app.example.com, without a path or wildcard.")


def _are_ports(values: list[int]) -> None:
    if not all(0 < value < 65_536 for value in values):
        raise ValidationError("Each must be a port, from 1 to 65535.")


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValidationError("Each must be a network such as 10.1.0.0/16 or fd00:1::/64.") from None


def _is_ring(entries: list[str]) -> None:
    ids = [entry.partition(":")[0] for entry in entries]
    if not all(re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", key_id) for key_id in ids) or len(set(ids)) < len(ids):
        raise ValidationError("Each entry is `id:key`, and each id is its own.")
    if any(entry.startswith(f"{DERIVED}:") for entry in entries):
        raise ValidationError(f"`{DERIVED}` stands for the key that comes from SECRET_KEY and takes no other.")
    try:
        keys = list(_ring(entries, bytes(32)).values())
    except binascii.Error:
        keys = []
    if len(keys) < len({*ids, DERIVED}) or any(len(key) != 32 for key in keys):
        raise ValidationError("Each key is 32 bytes in base64.")


def _ring(entries: list[str], derived: bytes) -> KeyRing:
    """`id:base64` entries to keys, in their order.

    The derived key comes where it is named, else last: what it signed and sealed before there was a ring is still read.
    """
    pairs = (entry.partition(":") for entry in entries if entry != DERIVED)
    made = {key_id: base64.b64decode(encoded, validate=True) for key_id, _, encoded in pairs} | {DERIVED: derived}
    order = [entry.partition(":")[0] for entry in entries]
    return {key_id: made[key_id] for key_id in dict.fromkeys([*order, DERIVED])}


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tiktok-api/{purpose}".encode()).derive(secret.encode())

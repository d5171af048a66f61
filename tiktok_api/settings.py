"""Everything an operator can set: read from the environment and `.env`, checked as a whole, immutable afterwards."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from environs import Env, EnvError, validate

MEBIBYTE = 1024 * 1024


class SettingsInvalid(Exception):
    """Some settings are missing or contradict each other; all of them are named at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems))


KeyRing = dict[str, bytes]
"""Keys by id, the current one first: it signs and seals; the others only verify and open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings by topic; meanings and defaults are in `.env.example`."""

    database_url: str
    redis_url: str | None
    secret_key: str
    jwt_keys: KeyRing
    vault_keys: KeyRing
    public_url: str
    storage_url: str
    tiktok_client_key: str
    tiktok_client_secret: str
    tiktok_authorize_url: str
    tiktok_api_url: str
    tiktok_app_type: Literal["web", "desktop"]
    tiktok_allow_http: bool
    cors_origins: tuple[str, ...]
    return_url_origins: tuple[str, ...]
    registration: str
    rate_limit_per_minute: int
    rate_limit_enabled: bool
    trusted_proxies: int
    jobs_executor: str
    worker_threads: int
    lease_seconds: float
    poll_min_seconds: float
    poll_max_seconds: float
    unconfirmed_after_seconds: float
    sync_seconds: float
    media_max_bytes: int
    upload_ttl_seconds: float
    upload_stall_seconds: float
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
    values = _read(env)
    problems: list[str] = []
    try:
        env.seal()
    except EnvError as error:
        problems = [f"{name}: {' '.join(map(str, why))}" for name, why in error.error_messages.items()]  # type: ignore[attr-defined]
    problems += _contradictions(values, {problem.split(":")[0] for problem in problems})
    if problems:
        raise SettingsInvalid(problems)
    values["jwt_keys"] = _ring(values["jwt_keys"]) or {"derived": _derive(values["secret_key"], "jwt")}
    values["vault_keys"] = _ring(values["vault_keys"]) or {"derived": _derive(values["secret_key"], "vault")}
    return Settings(**values)


def _read(env: Env) -> dict:  # type: ignore[type-arg]  # a bag on its way into Settings
    positive = validate.Range(min=0, min_inclusive=False)
    return {
        "database_url": env.str("DATABASE_URL", "sqlite:///instance/tiktok_api.sqlite3"),
        "redis_url": env.str("REDIS_URL", "") or None,
        "secret_key": env.str("SECRET_KEY", validate=validate.Length(min=32)),
        "jwt_keys": env.list("JWT_KEYS", []),
        "vault_keys": env.list("VAULT_KEYS", []),
        "public_url": env.str("PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/"),
        "storage_url": env.str("STORAGE_URL", "file:///" + str(Path("instance/media").resolve()).lstrip("/")),
        "tiktok_client_key": env.str("TIKTOK_CLIENT_KEY"),
        "tiktok_client_secret": env.str("TIKTOK_CLIENT_SECRET"),
        "tiktok_authorize_url": env.str("TIKTOK_AUTHORIZE_URL", "https://www.tiktok.com/v2/auth/authorize/"),
        "tiktok_api_url": env.str("TIKTOK_API_URL", "https://open.tiktokapis.com").rstrip("/"),
        "tiktok_app_type": env.str("TIKTOK_APP_TYPE", "web", validate=validate.OneOf(["web", "desktop"])),
        "tiktok_allow_http": env.bool("TIKTOK_ALLOW_HTTP", False),
        "cors_origins": tuple(env.list("CORS_ORIGINS", []) or ()),
        "return_url_origins": tuple(env.list("RETURN_URL_ORIGINS", []) or ()),
        "registration": env.str("REGISTRATION", "open", validate=validate.OneOf(["open", "closed"])),
        "rate_limit_per_minute": env.int("RATE_LIMIT_PER_MINUTE", 100, validate=positive),
        "rate_limit_enabled": env.bool("RATE_LIMIT_ENABLED", True),
        "trusted_proxies": env.int("TRUSTED_PROXIES", 0, validate=validate.Range(min=0)),
        "jobs_executor": env.str("JOBS_EXECUTOR", "threads", validate=validate.OneOf(["threads"])),
        "worker_threads": env.int("WORKER_THREADS", 4, validate=positive),
        "lease_seconds": env.float("LEASE_SECONDS", 60.0, validate=positive),
        "poll_min_seconds": env.float("POLL_MIN_SECONDS", 5.0, validate=positive),
        "poll_max_seconds": env.float("POLL_MAX_SECONDS", 60.0, validate=positive),
        "unconfirmed_after_seconds": env.float("UNCONFIRMED_AFTER_SECONDS", 86400.0, validate=positive),
        "sync_seconds": env.float("SYNC_SECONDS", 3000.0, validate=positive),
        "media_max_bytes": env.int("MEDIA_MAX_BYTES", 500 * MEBIBYTE, validate=positive),
        "upload_ttl_seconds": env.float("UPLOAD_TTL_SECONDS", 86400.0, validate=positive),
        "upload_stall_seconds": env.float("UPLOAD_STALL_SECONDS", 30.0, validate=positive),
        "allow_test_clock": env.bool("ALLOW_TEST_CLOCK", False),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
    }


def _contradictions(values: dict, known: set[str]) -> list[str]:  # type: ignore[type-arg]
    urls = ("public_url", "tiktok_authorize_url", "tiktok_api_url", "storage_url", "database_url")
    problems = [
        f"{name.upper()}: is not a URL"
        for name in urls
        if name.upper() not in known and not urlsplit(values[name] or "").scheme
    ]
    for name in ("jwt_keys", "vault_keys"):
        try:
            _ring(values[name] or [])
        except ValueError as error:
            problems.append(f"{name.upper()}: {error}")
    problems += [
        f"{name.upper()}: plain http is accepted only with TIKTOK_ALLOW_HTTP=true"
        for name in ("tiktok_api_url", "tiktok_authorize_url")
        if str(values[name]).startswith("http://") and not values["tiktok_allow_http"]
    ]
    if not problems and not known and values["poll_min_seconds"] > values["poll_max_seconds"]:
        problems.append("POLL_MIN_SECONDS: is greater than POLL_MAX_SECONDS")
    return problems


def _ring(entries: list[str]) -> KeyRing:
    """`id:base64` entries to keys, in their order. Raises ValueError with the reason."""
    ring: KeyRing = {}
    for entry in entries:
        key_id, _, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != 32:
            raise ValueError(f"entry {key_id or '?'} must be `id:` and 32 bytes in base64")
        ring[key_id] = key
    return ring


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tiktok-api/{purpose}".encode()).derive(secret.encode())

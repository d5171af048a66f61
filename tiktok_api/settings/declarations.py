"""Everything an operator can set, each declared once: name, type, bounds, default and meaning.

`load` reads them from the environment and from `.env`, checks them as a whole and names everything that is wrong at once.
`.env.example` is written from the declarations (`python -m tiktok_api.cli.chores.env_example`).
"""

import os
import sys
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from tiktok_api.settings import env_file as env_files
from tiktok_api.settings import rules
from tiktok_api.settings.types import (
    DERIVED,
    Bind,
    Bytes,
    Count,
    Credential,
    DatabaseUrl,
    Days,
    Forwarders,
    Hours,
    KeyRing,
    Location,
    MailUrl,
    MetricsToken,
    Network,
    Networks,
    Origins,
    Ports,
    RedisUrl,
    RootUrl,
    Scopes,
    Sender,
    StorageUrl,
    WebUrl,
    derive,
    make_ring,
)

__all__ = ["DERIVED", "MEBIBYTE", "KeyRing", "Network", "Settings", "SettingsInvalid", "load", "load_or_exit"]

MEBIBYTE = 1024 * 1024

EXIT_STATUS = 4
"""With which a process ends whose settings cannot be used: gunicorn takes it as final and starts no other worker."""


class SettingsInvalid(Exception):
    """Some settings are missing or contradict each other; all of them are named at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(
            f"The settings cannot be used. Change these in .env or in the environment, then try again:\n{lines}"
        )


def _folder(name: str) -> str:
    return Path("instance", name).resolve().as_uri()


class Settings(BaseModel):
    """The settings by topic. A field's name in capitals is the setting's."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True, validate_default=True
    )

    _remarks: tuple[str, ...] = PrivateAttr(())

    secret_key: str = Field(
        min_length=32,
        max_length=4096,
        repr=False,
        description="at least 32 characters; signing and encryption keys are derived from it. A new one:\n"
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    )
    tiktok_client_key: Credential = Field(description="of your app at developers.tiktok.com")
    tiktok_client_secret: Credential = Field(repr=False, description="likewise")

    database_url: DatabaseUrl = Field(
        "sqlite:///instance/tiktok_api.sqlite3",
        repr=False,
        description="production: postgresql://user:password@host/database; a relative path begins where the server is started",
    )
    redis_url: RedisUrl | None = Field(
        None, repr=False, description="redis://host:6379/0; empty: limits are counted in each process"
    )
    storage_url: StorageUrl = Field(
        default_factory=lambda: _folder("media"),
        description="file:///srv/media, or s3://bucket/prefix with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_DEFAULT_REGION here too, or wherever else boto3 looks (its files, the machine's role); empty: instance/media",
    )
    s3_endpoint_url: WebUrl | None = Field(
        None, description="another S3 than Amazon's, e.g. http://minio:9000; only with s3://"
    )
    public_url: RootUrl = Field(
        "http://127.0.0.1:8080",
        description="how browsers and TikTok reach this server; the OAuth callback is under it",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=16, description="how many proxies (nginx: 1) may be believed about addresses and schemes"
    )

    tiktok_scopes: Scopes = Field(
        (),
        description="what connecting asks a person for, e.g. user.info.basic,video.publish: no more than your app is "
        "approved for, or TikTok shows an error page; empty: everything this server has a use for",
    )
    tiktok_app_type: Literal["web", "desktop"] = Field(
        "web", description="desktop means hex PKCE; only desktop apps may register a localhost callback"
    )
    tiktok_authorize_url: WebUrl = Field(
        "https://www.tiktok.com/v2/auth/authorize/", description="where people give their consent"
    )
    tiktok_api_url: RootUrl = Field("https://open.tiktokapis.com", description="TikTok's API, or a simulator's")
    tiktok_allow_http: bool = Field(
        False, description="accept plain http and loopback upload URLs: for the simulator only"
    )

    jwt_keys: KeyRing = Field(
        default_factory=dict,
        repr=False,
        description="keys, when they are to be rotated: `id:base64 of 32 bytes`, the current one first, comma-separated; the bare "
        "word `derived` stands for the key that comes from SECRET_KEY, which otherwise comes last. So that no process "
        "meets a key it does not know, first add the new key at the end (`derived,new:…`) and restart everything, then put "
        "it first and restart again. An older key may leave once nothing of it is left: tokens after 30 days, what is "
        "encrypted after `vault reseal`. empty: one key derived from SECRET_KEY",
    )
    vault_keys: KeyRing = Field(
        default_factory=dict, repr=False, description="likewise, for what is encrypted in the database"
    )

    registration: Literal["open", "closed"] = Field("open", description="whether new people may sign up by themselves")
    cors_origins: Origins = Field((), description="e.g. https://app.example,https://admin.example")
    return_url_origins: Origins = Field(
        (), description="where browsers may be sent back to after connecting an account"
    )
    rate_limit_per_minute: Count = Field(
        100, description="requests a minute for each user, or each address while no user is known"
    )
    rate_limit_enabled: bool = Field(True, description="whether requests are limited at all")
    upload_mebibytes_per_minute: Count = Field(
        2048, description="the bytes of tus uploads have a quota of their own, for each user"
    )
    webhook_tolerance_seconds: Days = Field(
        300.0, description="older signatures of TikTok's are marked stale; they only ever trigger a check"
    )

    mail_url: MailUrl = Field(
        default_factory=lambda: _folder("mail"),
        repr=False,
        description="smtp://user:password@host:587 (with TLS unless ?starttls=false) or smtps://…; empty: files in instance/mail",
    )
    email_verification: bool = Field(
        default_factory=lambda valid: str(valid.get("mail_url")).startswith("smtp"),
        description="must new people prove their address before they sign in; empty: only once MAIL_URL is smtp",
    )
    mail_from: Sender = Field(
        default_factory=lambda valid: f"no-reply@{urlsplit(valid.get('public_url', '//localhost')).hostname}",
        description="e.g. Example <no-reply@example.com>; empty: no-reply@ the host of PUBLIC_URL",
    )
    frontend_url: RootUrl | None = Field(
        None,
        description="emails link to /verify-email#token=… and /reset-password#token=… under it; empty: they hold the token",
    )

    jobs_executor: Literal["threads"] = Field("threads", description="jobs run in the worker's threads")
    worker_threads: int = Field(4, ge=1, le=256, description="how many jobs a worker does at a time")
    lease_seconds: Hours = Field(
        60.0, description="how long a dead worker's job waits before another worker takes it over"
    )
    poll_min_seconds: Hours = Field(5.0, description="how often TikTok is asked about a post: at first …")
    poll_max_seconds: Hours = Field(60.0, description="… and in the end")
    unconfirmed_after_seconds: Days = Field(86400.0, description="without a verdict for so long, a person is asked")
    late_policy: Literal["publish", "hold", "skip"] = Field(
        "hold",
        description="what becomes of a post that is later than LATE_AFTER_SECONDS: hold asks a person, skip ends it",
    )
    late_after_seconds: Days = Field(
        3600.0,
        description="a post that downtime, a lost authorisation or a cap has made late still goes out by itself within so long",
    )
    sync_seconds: Days = Field(3000.0, description="how old an account's data may get before it is read again")
    creator_posts_per_day: Count = Field(
        15, description="what capacity reckons with: TikTok publishes no figure, about 15 is observed"
    )
    app_creators_per_day: Count | None = Field(
        None, description="the cap on posting creators from your app's audit; empty or 0: unknown"
    )

    media_max_bytes: Bytes = Field(
        500 * MEBIBYTE,
        description="the largest file; 524288000 is 500 MiB. nginx has a limit of its own (deploy/nginx.conf)",
    )
    media_quota_bytes_per_user: Bytes | None = Field(
        None,
        description="how much one user may keep, unfinished uploads included and the same content counted once; "
        "empty: no bound",
    )
    media_quota_files_per_user: Count | None = Field(None, description="likewise, how many files")
    upload_ttl_seconds: Days = Field(86400.0, description="how long an unfinished upload is kept")
    upload_stall_seconds: Hours = Field(
        30.0, description="how long a client that has gone silent keeps its upload to itself"
    )
    upload_lease_seconds: float = Field(
        15.0,
        ge=1,
        le=300,
        allow_inf_nan=False,
        description="how long the upload of a server that died waits before another server takes it over (S3 only)",
    )
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html: seven days at most
    s3_link_seconds: int = Field(
        300,
        ge=0,
        le=604_800,
        description="how long the signed addresses live to which S3 downloads are sent; 0: the bytes pass through this server",
    )
    s3_public_endpoint_url: WebUrl | None = Field(
        None, description="where clients reach the bucket, if not at S3_ENDPOINT_URL; empty: at the same place"
    )
    x_accel_prefix: Location | None = Field(
        None,
        description="the location from which nginx hands out the folder of STORAGE_URL (X-Accel-Redirect), e.g. "
        "/media-files/ as in deploy/nginx.conf, which says who must be able to read the files; "
        "empty: this server hands files out by itself",
    )
    import_max_seconds: Days = Field(1800.0, description="how long one attempt at importing from a URL may take")

    outbound_allow_http: bool = Field(False, description="also plain http, on port 80")
    outbound_ports: Ports = Field((), description="more ports, e.g. 8443")
    outbound_networks: Networks = Field(
        (),
        description="networks of your own that may be reached as well, on any port, e.g. 10.1.0.0/16,fd00:1::/64",
    )

    bind: Bind = Field("127.0.0.1:8080", description="where gunicorn listens: host:port or unix:/path/to/socket")
    web_concurrency: int = Field(
        1,
        ge=1,
        le=256,
        description="gunicorn's processes; more than 1 only with PostgreSQL and REDIS_URL, or each counts limits for itself",
    )
    web_threads: int = Field(16, ge=1, le=1024, description="requests that each of them serves at a time")
    forwarded_allow_ips: Forwarders = Field(
        ("127.0.0.1",), description="from which proxies gunicorn takes X-Forwarded-Proto; comma-separated, or *"
    )

    audit_days: int = Field(400, ge=1, le=36_500, description="how long the audit trail goes back")
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    ] = Field("INFO", description="from which level on lines are written")
    metrics_token: MetricsToken | None = Field(
        None,
        repr=False,
        description="what Prometheus sends as its bearer to scrape /metrics, 16 characters or more; empty: only a process "
        "on this machine may, asking directly",
    )
    allow_test_clock: bool = Field(False, description="let `clock advance` move business time: never in production")

    @field_validator("jwt_keys", "vault_keys", mode="before")
    @classmethod
    def _make_ring(cls, value: Any, info: ValidationInfo) -> Any:
        purpose = str(info.field_name).removesuffix("_keys")
        return make_ring(value or "", derive(info.data.get("secret_key", ""), purpose))

    @field_validator("app_creators_per_day", mode="before")
    @classmethod
    def _none_for_zero(cls, value: Any) -> Any:
        return None if value == "0" else value

    def derive_key(self, purpose: str) -> bytes:
        """A 32-byte key of its own for `purpose`, derived from SECRET_KEY by HKDF-SHA256 (RFC 5869)."""
        return derive(self.secret_key, purpose)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What `load` found doubtful about names; it is worth a warning."""
        return self._remarks

    def replace(self, **changes: Any) -> Self:
        """A copy with other values, which are not checked again. Raises TypeError for a name that is no setting's."""
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
        return self.model_copy(update=changes)


NAMES = {name.upper(): name for name in Settings.model_fields}
"""The field of each setting, by the setting's name."""


def load(env_file: str | Path | None = ".env") -> Settings:
    """Read and check every setting.

    What the environment says wins over the file; what is blank there or in the file was not set. What other libraries
    want to know (AWS_…) is passed on from the file to the environment of this process. Raises SettingsInvalid naming
    everything that is missing, malformed, misspelt or contradictory.
    """
    file = env_files.read(env_file) if env_file else env_files.EnvFile()
    said = file.values | {name: value.strip() for name, value in os.environ.items() if value.strip()}
    unreadable = {name for name in {*file.values, *NAMES} if not _is_plain(said.get(name, ""))}
    misspelt = env_files.misspelt(file.values, NAMES)
    problems = [
        *file.problems,
        *(f"{name}: is no setting; did you mean {known}?" for name, known in misspelt.items()),
        *(f"{name}: must be plain UTF-8 text without control characters" for name in sorted(unreadable)),
    ]
    values = {field: said[name] for name, field in NAMES.items() if name in said and name not in unreadable}
    settings, found = _check(values, {NAMES[name] for name in unreadable & NAMES.keys()})
    if problems + found:
        raise SettingsInvalid(problems + found)
    env_files.pass_on(file.values)
    settings._remarks = tuple(_remarks(file.values))
    return settings


def load_or_exit(env_file: str | Path | None = ".env") -> Settings:
    """As `load`, for the start of a process: it ends with what is wrong on standard error instead of a traceback."""
    try:
        return load(env_file)
    except SettingsInvalid as error:
        exit_with(error)


def exit_with(error: SettingsInvalid) -> NoReturn:
    """End this process, saying what is wrong on standard error."""
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    raise SystemExit(EXIT_STATUS)


def _is_plain(value: str) -> bool:
    """Returns False for bytes that were no UTF-8 and for control characters, which no setting has a use for."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)


def _check(values: Mapping[str, str], unreadable: set[str]) -> tuple[Settings, list[str]]:
    """The settings, and what is wrong with them; what is wrong has its default, so that the rest is checked as well."""
    failing = dict.fromkeys(unreadable, "")
    try:
        _settings(values, failing)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            if detail["type"] != "default_factory_not_called":  # an earlier one is wrong, and says so itself
                name = str(detail["loc"][0])
                failing.setdefault(name, rules.worded(detail, Settings.model_fields[name]))
    settings = _settings(values, failing)
    problems = [f"{name.upper()}: {message}" for name, message in failing.items() if message]
    for looked_at, first, message in rules.contradictions(settings):
        if not looked_at & failing.keys():
            problems.append(f"{first.upper()}: {message}")
    return settings, problems


def _settings(values: Mapping[str, str], failing: Collection[str]) -> Settings:
    """The settings without those that fail. Raises ValidationError."""
    required = {name for name in failing if Settings.model_fields[name].is_required()}
    taken = {name: value for name, value in values.items() if name not in failing}
    return Settings.model_validate(taken | dict.fromkeys(required, "-" * 32))


def _remarks(file_values: Mapping[str, str]) -> Iterator[str]:
    """Names that are perhaps misspelt, but that may as well be another program's."""
    for name, known in env_files.misspelt(os.environ, NAMES).items():
        if not os.environ[name].strip() or name in file_values:
            continue
        yield f"{name}: is no setting, though the environment has it; did you mean {known}?"
    for name in env_files.unknown(file_values, NAMES):
        yield f"{name}: is in the file of settings, but no setting; nothing reads it"

"""Everything an operator can set, each declared once: name, type, bounds, default and meaning.

`.env.example` is written from the declarations (`make env-example`).
"""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from tiktok_api.settings.types import (
    MEBIBYTE,
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
    Networks,
    Origins,
    OwnershipTokens,
    Ports,
    RedisUrl,
    RootUrl,
    Scopes,
    Secret,
    Sender,
    StorageUrl,
    WebUrl,
    derive,
    folder,
    make_ring,
)


class Settings(BaseModel):
    """The settings by topic. A field's name in capitals is the setting's."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True, validate_default=True
    )

    _remarks: tuple[str, ...] = PrivateAttr(())

    secret_key: Secret = Field(
        min_length=32,
        max_length=4096,
        repr=False,
        description="at least 32 characters; signing and encryption keys are derived from it. To make one:\n"
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    )
    tiktok_client_key: Credential = Field(description="the key of your app at developers.tiktok.com")
    tiktok_client_secret: Credential = Field(repr=False, description="its secret")

    database_url: DatabaseUrl = Field(
        "sqlite:///instance/tiktok_api.sqlite3",
        repr=False,
        description="in production postgresql://user:password@host/database; a relative path starts at the server's working directory",
    )
    redis_url: RedisUrl | None = Field(
        None, repr=False, description="redis://host:6379/0; empty: each process counts limits for itself"
    )
    storage_url: StorageUrl = Field(
        default_factory=lambda: folder("media"),
        description="file:///srv/media, or s3://bucket/prefix with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_DEFAULT_REGION here or where boto3 finds them (its files, the machine's role); empty: instance/media",
    )
    s3_endpoint_url: WebUrl | None = Field(
        None, description="an S3 server other than Amazon's, e.g. http://minio:9000; only with s3://"
    )
    public_url: RootUrl = Field(
        "http://127.0.0.1:8080",
        description="the URL at which browsers and TikTok reach this server; the OAuth callback is under it",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=16,
        description="how many proxies in front (nginx: 1) are trusted to name the client's address and scheme",
    )

    tiktok_scopes: Scopes = Field(
        (),
        description="the scopes to ask for when an account is connected, e.g. user.info.basic,video.publish. Name only "
        "those your app is approved for, or TikTok shows an error page; empty: all that this server uses",
    )
    tiktok_app_type: Literal["web", "desktop"] = Field(
        "web", description="desktop means hex PKCE; only desktop apps may register a localhost callback"
    )
    tiktok_app_audited: bool | None = Field(
        None, description="whether TikTok has audited your app; false: only private accounts and posts; empty: unknown"
    )
    tiktok_authorize_url: WebUrl = Field("https://www.tiktok.com/v2/auth/authorize/", description="the consent page")
    tiktok_api_url: RootUrl = Field("https://open.tiktokapis.com", description="TikTok's API, or a simulator's")
    tiktok_allow_http: bool = Field(
        False, description="accept plain http and loopback upload URLs; for the simulator only"
    )

    jwt_keys: KeyRing = Field(
        default_factory=dict,
        repr=False,
        description="signing keys, for rotation: `id:base64 of 32 bytes`, comma-separated, the current one first. The bare word "
        "`derived` stands for the key derived from SECRET_KEY, which otherwise comes last. To rotate, add the new key at "
        "the end (`derived,new:…`) and restart every process, then put it first and restart again, so that no process "
        "meets an unknown key. Remove an old key once nothing uses it: tokens after 30 days, encrypted values after "
        "`vault reseal`. Empty: one key derived from SECRET_KEY",
    )
    vault_keys: KeyRing = Field(
        default_factory=dict,
        repr=False,
        description="encryption keys for values in the database, written like JWT_KEYS",
    )

    registration: Literal["open", "closed"] = Field("open", description="whether new users may register")
    cors_origins: Origins = Field(
        (), description="origins whose pages may call this API, e.g. https://app.example,https://admin.example"
    )
    return_url_origins: Origins = Field(
        (), description="origins to which browsers may return after an account is connected"
    )
    rate_limit_per_minute: Count = Field(
        100, description="requests a minute for each user, or for each address when not signed in"
    )
    rate_limit_enabled: bool = Field(True, description="whether requests are limited")
    upload_mebibytes_per_minute: Count = Field(
        2048, description="mebibytes a minute that one user may upload, however they are sent"
    )
    tiktok_ownership_tokens: OwnershipTokens = Field(
        (), description="proofs of PUBLIC_URL for TikTok's portal, comma-separated: abc is served as /tiktokabc.txt"
    )
    webhook_tolerance_seconds: Days = Field(
        300.0, description="TikTok's webhook signatures older than this are marked stale; they only trigger a check"
    )

    mail_url: MailUrl = Field(
        default_factory=lambda: folder("mail"),
        repr=False,
        description="smtp://user:password@host:587 (with TLS unless ?starttls=false) or smtps://…; empty: files in instance/mail",
    )
    email_verification: bool = Field(
        default_factory=lambda valid: str(valid.get("mail_url")).startswith("smtp"),
        description="whether new users must verify their address before they sign in; empty: only if MAIL_URL is smtp",
    )
    mail_from: Sender = Field(
        default_factory=lambda valid: f"no-reply@{urlsplit(valid.get('public_url', '//localhost')).hostname}",
        description="the sender, e.g. Example <no-reply@example.com>; empty: no-reply@ the host of PUBLIC_URL",
    )
    frontend_url: RootUrl | None = Field(
        None,
        description="emails link to /verify-email#token=… and /reset-password#token=… under this URL; empty: they show the token itself",
    )

    worker_threads: int = Field(
        4, ge=1, le=256, description="how many posts a worker publishes, accounts it reads and imports it downloads"
    )
    worker_media_threads: int = Field(
        2, ge=1, le=256, description="how many files a worker inspects or converts at a time; each may take a whole CPU"
    )
    film_max_seconds: Hours = Field(1800.0, description="CPU seconds that making one video may take at most")
    lease_seconds: Hours = Field(60.0, description="seconds after which another worker takes over a dead worker's job")
    poll_min_seconds: Hours = Field(5.0, description="seconds between questions to TikTok about a post, at first")
    poll_max_seconds: Hours = Field(60.0, description="seconds between questions to TikTok about a post, at most")
    unconfirmed_after_seconds: Days = Field(
        86400.0, description="seconds without a result from TikTok after which a person is asked"
    )
    late_policy: Literal["publish", "hold", "skip"] = Field(
        "hold",
        description="what to do with a post that is more than LATE_AFTER_SECONDS late: publish it, hold it and ask a person, or skip it",
    )
    late_after_seconds: Days = Field(
        3600.0,
        description="how late a post may be published without asking, after downtime, a lost authorisation or a cap",
    )
    sync_seconds: Days = Field(3000.0, description="seconds after which an account's data are read again")
    tiktok_reads_per_minute: Count = Field(
        600, description="what TikTok allows your app of user/info, and of video/list"
    )
    creator_posts_per_day: Count = Field(
        15,
        description="posts a day that an account is assumed to have; TikTok publishes no figure, about 15 is observed",
    )
    app_creators_per_day: Count | None = Field(
        None, description="how many creators may post in a day, by your app's audit; empty or 0: unknown"
    )

    media_max_bytes: Bytes = Field(
        500 * MEBIBYTE,
        description="the largest file in bytes; 524288000 is 500 MiB. nginx has its own limit (deploy/nginx.conf)",
    )
    media_quota_bytes_per_user: Bytes | None = Field(
        20 * 1024 * MEBIBYTE,
        description="bytes that one user may store, unfinished uploads included, the same content counted once; the "
        "default is 20 GiB; 0: no limit",
    )
    media_quota_files_per_user: Count | None = Field(10_000, description="files that one user may store; 0: no limit")
    upload_ttl_seconds: Days = Field(86400.0, description="seconds for which an unfinished upload is kept")
    upload_stall_seconds: Hours = Field(
        30.0, description="seconds of silence after which a waiting connection takes an upload over"
    )
    upload_lease_seconds: float = Field(
        15.0,
        ge=1,
        le=300,
        allow_inf_nan=False,
        description="seconds after which another server takes over an upload of a dead server (S3 only)",
    )
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html: seven days at most
    s3_link_seconds: int = Field(
        300,
        ge=0,
        le=604_800,
        description="seconds for which signed S3 URLs of downloads are valid; 0: the bytes pass through this server",
    )
    s3_public_endpoint_url: WebUrl | None = Field(
        None, description="the URL at which clients reach the bucket; empty: S3_ENDPOINT_URL"
    )
    x_accel_prefix: Location | None = Field(
        None,
        description="the location from which nginx serves the folder of STORAGE_URL (X-Accel-Redirect), e.g. "
        "/media-files/ as in deploy/nginx.conf, which says which user must be able to read the files; "
        "empty: this server serves the files",
    )
    import_max_seconds: Days = Field(1800.0, description="seconds for one attempt to import from a URL")
    import_turn_seconds: Hours = Field(60.0, description="seconds for which a slow import may keep others waiting")

    outbound_allow_http: bool = Field(False, description="also allow plain http, on port 80")
    outbound_ports: Ports = Field((), description="further ports to allow, e.g. 8443")
    outbound_networks: Networks = Field(
        (), description="private networks to allow, on any port, e.g. 10.1.0.0/16,fd00:1::/64"
    )

    bind: Bind = Field(
        "127.0.0.1:8080", description="the address on which gunicorn listens: host:port or unix:/path/to/socket"
    )
    web_concurrency: int = Field(
        1, ge=1, le=256, description="gunicorn's processes; more than 1 only with PostgreSQL and REDIS_URL"
    )
    web_threads: int = Field(16, ge=4, le=1024, description="requests that each process serves at a time")
    forwarded_allow_ips: Forwarders = Field(
        ("127.0.0.1",), description="proxies from which gunicorn accepts X-Forwarded-Proto; comma-separated, or *"
    )

    readings_full_days: int = Field(90, ge=7, le=36_500, description="days for which every reading is kept")
    readings_keep_days: int = Field(800, ge=400, le=36_500, description="days for which one reading of each is kept")
    reports_keep_days: int = Field(400, ge=1, le=36_500, description="days for which reports are kept")
    audit_days: int = Field(400, ge=1, le=36_500, description="days for which the audit trail is kept")
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    ] = Field("INFO", description="the lowest level that is logged")
    metrics_token: MetricsToken | None = Field(
        None,
        repr=False,
        description="the bearer token with which Prometheus scrapes /metrics, 16 characters or more; empty: only a process "
        "on this machine may scrape, without a proxy",
    )
    allow_test_clock: bool = Field(False, description="let `clock advance` move business time; never in production")

    @field_validator("jwt_keys", "vault_keys", mode="before")
    @classmethod
    def _make_ring(cls, value: Any, info: ValidationInfo) -> Any:
        purpose = str(info.field_name).removesuffix("_keys")
        return make_ring(value or "", derive(info.data.get("secret_key", ""), purpose))

    @field_validator("app_creators_per_day", "media_quota_bytes_per_user", "media_quota_files_per_user", mode="before")
    @classmethod
    def _none_for_zero(cls, value: Any) -> Any:
        return None if value == "0" else value

    def derive_key(self, purpose: str) -> bytes:
        """A 32-byte key of its own for `purpose`, derived from SECRET_KEY by HKDF-SHA256 (RFC 5869)."""
        return derive(self.secret_key, purpose)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Names that `load` found to be probably misspelt; each is worth a warning."""
        return self._remarks

    def with_remarks(self, remarks: tuple[str, ...]) -> Self:
        """These settings with `remarks`."""
        self._remarks = remarks
        return self

    def replace(self, **changes: Any) -> Self:
        """A copy with other values, which are not checked again. Raises TypeError for an unknown name."""
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
        return self.model_copy(update=changes)


NAMES = {name.upper(): name for name in Settings.model_fields}
"""The field of each setting, by the setting's name."""

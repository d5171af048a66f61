"""The types of settings: how a line of text becomes a value, and what is allowed in words.

A message never repeats the value: it may be a password in the wrong place.
"""

import base64
import binascii
import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tiktok_api.settings.secret_strength import is_weak_key, weakness

Network = IPv4Network | IPv6Network

KeyRing = dict[str, bytes]
"""Keys by id, the current one first: it signs and encrypts; the others only verify and decrypt."""

DERIVED = "derived"
"""The id of the key that comes from SECRET_KEY."""

KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
KEY_BYTES = 32
"""Of each key of a ring."""

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@\[\]:]+)"
_EMAIL = r"[^@\s<>()\[\],;:\\\"]+@[\w.-]+"
_WEB = re.compile(rf"https?://{_HOST}(?::\d{{1,5}})?(?:/[^\s?#]*)?")
_DAY = 86_400


def split(value: Any) -> Any:
    """The entries of a comma-separated list; a list stays as it is."""
    if not isinstance(value, str):
        return value
    return tuple(entry.strip() for entry in value.split(",") if entry.strip())


def _parts(value: str, message: str) -> SplitResult:
    """The parts of a URL. Raises ValueError with `message` for what is none, a port beyond 65535 included."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(message) from None
    return parts


def _is_one_word(value: str) -> bool:
    return re.search(r"[\s\x00-\x1f\x7f]", value) is None


def _web_url(value: str) -> str:
    message = "must be a URL such as https://api.example.com, without user, query or fragment"
    _parts(value, message)
    if not _WEB.fullmatch(value):
        raise ValueError(message)
    return value


def _ownership_token(value: str) -> str:
    """The token alone, where the name of the file that TikTok's portal hands out was given."""
    token = value.removeprefix("tiktok").removesuffix(".txt")
    if not re.fullmatch(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]{1,128}", token):
        raise ValueError(
            "must be what stands between tiktok and .txt in the name of the file that TikTok's portal hands out"
        )
    return token


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _database_url(value: str) -> str:
    """The URL as SQLAlchemy takes it: psycopg 3 for PostgreSQL, an absolute path for SQLite."""
    message = "must be postgresql://user:password@host/database or sqlite:///path/to/file"
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(f"{message}; a password's @, :, / and % are written %40, %3A, %2F and %25") from None
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ValueError(message)
    if url.host or not url.database or url.database == ":memory:":
        raise ValueError(f"{message}: SQLite needs a file that every process can open, and three slashes before it")
    if url.database.startswith("file:"):
        return value
    return url.set(database=str(Path(url.database).absolute())).render_as_string(hide_password=False)


def _redis_url(value: str) -> str:
    message = "must be redis://host:6379/0, rediss://… or unix:///path/to/socket"
    parts = _parts(value, message)
    if not _is_one_word(value) or parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(message)
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError(message)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d{0,4}", parts.path):
        raise ValueError(f"{message}: what follows the host is the number of a database")
    if parts.query:
        _must_have_known_options(value)
    return value


def _must_have_known_options(redis_url: str) -> None:
    from redis import Redis, RedisError  # only where there are any: it takes long to import

    try:
        Redis.from_url(redis_url).connection_pool.make_connection()  # which connects to nothing yet
    except (ValueError, TypeError, RedisError):
        raise ValueError("has options after `?` that are not those of redis-py") from None


def _folder_url(value: str) -> bool:
    parts = _parts(value, "must be a URL such as file:///a/folder")
    path = unquote(parts.path)
    return parts.scheme == "file" and parts.netloc in ("", "localhost") and path.strip("/") != "" and "\0" not in path


def _storage_url(value: str) -> str:
    message = "must be like file:///a/folder or s3://bucket/prefix"
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    is_bucket = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()-]+)*/?", value)
    if not is_bucket and not _folder_url(value):
        raise ValueError(message)
    return value


def _mail_url(value: str) -> str:
    message = "must be smtp://user:password@host:587, smtps://… or file:///a/folder"
    parts = _parts(value, message)
    if parts.scheme == "file":
        if not _folder_url(value):
            raise ValueError(message)
    elif parts.scheme not in ("smtp", "smtps") or not parts.hostname or not _is_one_word(value):
        raise ValueError(message)
    if (parts.path.strip("/") and parts.scheme != "file") or parts.fragment:
        raise ValueError(message)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.query and query not in ({"starttls": "true"}, {"starttls": "false"}):
        raise ValueError("takes no parameter but starttls=true or starttls=false")
    return value


def _matches(pattern: str, message: str) -> AfterValidator:
    """Text that matches as a whole; anything else is refused with `message`."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _origin(value: str) -> str:
    """Browsers send `https://host[:port]` and nothing more: anything else would never match."""
    message = "must be an origin such as https://app.example.com, without a path or wildcard"
    _parts(value, message)
    if not re.fullmatch(r"https?://[^/?#@*\s]+", value):
        raise ValueError(message)
    return value


def _network(value: Any) -> Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("must be a network such as 10.1.0.0/16 or fd00:1::/64") from None


def _forwarder(value: str) -> str:
    try:
        if value != "*":
            ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be an address, a network or * for every peer") from None
    return value


def _bind(value: str) -> str:
    message = "must be host:port, such as 127.0.0.1:8080 or 0.0.0.0:80, or unix:/path/to/socket"
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+|):(\d{1,5})|unix:/\S+", value)
    if not found or (found[1] and not 0 < int(found[1]) < 65_536):
        raise ValueError(message)
    return value


def _strong(value: str) -> str:
    if found := weakness(value):
        raise ValueError(f"{found}, so it can be guessed; take a random one: openssl rand -hex 32")
    return value


@lru_cache(maxsize=64)
def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key of its own for `purpose`, derived from `secret` by HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tiktok-api/{purpose}".encode()).derive(secret.encode())


def make_ring(text: str, derived: bytes) -> KeyRing:
    """`id:base64` entries to keys, in their order. Raises ValueError for what is no ring.

    The derived key stands where it is named, else last: what it signed and encrypted before there was a ring stays readable.
    """
    entries = split(text)
    ids = [entry.partition(":")[0] for entry in entries]
    if not all(KEY_ID.fullmatch(key_id) for key_id in ids) or len(set(ids)) < len(ids):
        raise ValueError("must be id:key entries, comma-separated, each with an id of its own")
    if any(entry.startswith(f"{DERIVED}:") for entry in entries):
        raise ValueError(f"`{DERIVED}` stands for the key that comes from SECRET_KEY and takes no other")
    made = {DERIVED: derived}
    try:
        for entry in entries:
            if entry != DERIVED:
                key_id, _, encoded = entry.partition(":")
                made[key_id] = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        made[DERIVED] = b""
    if any(len(key) != KEY_BYTES for key in made.values()):
        raise ValueError(f"must be id:key entries whose keys are {KEY_BYTES} bytes in base64") from None
    if any(is_weak_key(key) for key in made.values()):
        raise ValueError("has a key that can be guessed; make one with `tiktok-api keys generate`")
    return {key_id: made[key_id] for key_id in dict.fromkeys([*ids, DERIVED])}


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
RootUrl = Annotated[str, AfterValidator(_web_url), AfterValidator(_without_slash)]
"""A URL that paths are appended to."""
StorageUrl = Annotated[str, AfterValidator(_storage_url)]
MailUrl = Annotated[str, AfterValidator(_mail_url)]
Sender = Annotated[
    str,
    _matches(
        rf"{_EMAIL}|[^<>@\"\r\n]+ <{_EMAIL}>",
        "must be an address such as no-reply@example.com or Example <no-reply@example.com>",
    ),
]
Location = Annotated[
    str, _matches(r"/([A-Za-z0-9_.~-]+/)+", "must be like /media-files/, a location that nginx keeps internal")
]
Bind = Annotated[str, AfterValidator(_bind)]
Secret = Annotated[str, AfterValidator(_strong)]
"""What no person made up: it signs, encrypts or lets in."""
MetricsToken = Annotated[
    str, _matches(r"[!-~]{16,4096}", "takes 16 or more visible characters, and no space"), AfterValidator(_strong)
]
Credential = Annotated[
    str, _matches(r"[\x21-\x7e]+", "must be as the portal shows it: one word, without spaces or quotes around it")
]
"""TikTok's portal shows printable ASCII; anything else was copied with an extra character."""
Scope = Annotated[str, _matches(r"[a-z_]+(\.[a-z_]+)+", "must be a scope such as user.info.basic or video.publish")]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(split)]
OwnershipTokens = Annotated[tuple[Annotated[str, AfterValidator(_ownership_token)], ...], BeforeValidator(split)]
Scopes = Annotated[tuple[Scope, ...], BeforeValidator(split)]
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], BeforeValidator(split)]
Networks = Annotated[tuple[Annotated[Network, BeforeValidator(_network)], ...], BeforeValidator(split)]
Forwarders = Annotated[tuple[Annotated[str, AfterValidator(_forwarder)], ...], BeforeValidator(split)]

Hours = Annotated[float, Field(gt=0, le=_DAY, allow_inf_nan=False)]
"""Seconds, a day at most."""
Days = Annotated[float, Field(gt=0, le=3660 * _DAY, allow_inf_nan=False)]
"""Seconds, ten years at most."""
MEBIBYTE = 1024 * 1024

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bytes = Annotated[int, Field(ge=1, le=2**60)]


def folder(name: str) -> str:
    """The URL of a folder under `instance/`, where the server is started."""
    return Path("instance", name).resolve().as_uri()

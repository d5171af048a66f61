"""Links that show a chart without a token until they expire: the whole selection is in them, signed, and nothing is stored.

A link shows what its maker may see when it is followed, and nothing more than when it was made: an API key's link ends with
the key, and is confined to its accounts.
"""

import hmac
import json
import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from tiktok_api import clock
from tiktok_api.analytics.charts.drawing.look import Look, Theme
from tiktok_api.analytics.charts.errors import LinkTooLong
from tiktok_api.analytics.charts.kinds import PictureFormat
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.db.reads import Given, reading
from tiktok_api.errors import NotFound
from tiktok_api.web.signed_links import LinkExpired, LinkSignatureInvalid

KEY_PURPOSE = "chart-links"
SHORTEST_SECONDS, USUAL_SECONDS, LONGEST_SECONDS = 60, 7 * 86_400, 90 * 86_400
_LONGEST_TOKEN = 4000  # gunicorn refuses a request line above 4094 bytes with 414
_SIGNATURE_BYTES, _SIGNATURE_LENGTH = 16, 22
_VERSION = 1
_MOST_IDS = 255
_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class ChartLink:
    """What a link says: who made it, until when it is valid, which chart, and how it looks."""

    owner_id: UUID
    key_id: UUID | None
    expires: int
    format: PictureFormat
    look: Look
    selection: dict[str, Any]

    @property
    def expires_at(self) -> datetime:
        """When it ends."""
        return datetime.fromtimestamp(self.expires, UTC)


def make_link(
    caller: Identity, selection: dict[str, Any], *, look: Look, picture: PictureFormat, expires_in_seconds: int
) -> ChartLink:
    """Returns a link of the caller's. Raises ScopeTooNarrow for a key that may not read; LinkTooLong."""
    caller.must_be_allowed("analytics", to_write=False)
    expires = int(clock.now().timestamp()) + expires_in_seconds
    link = ChartLink(caller.user_id, caller.key_id, expires, picture, look, selection)
    if len(write_token(link, b"")) > _LONGEST_TOKEN:
        raise LinkTooLong.at("/chart")
    return link


def write_token(link: ChartLink, key: bytes) -> str:
    """The link as text for a URL: about 200 characters, and 22 more for each account that it names."""
    key_id = "" if link.key_id is None else str(link.key_id)
    said = [_VERSION, str(link.owner_id), key_id, link.expires, link.format, link.look.theme, link.look.width]
    body = _encode(_write([*said, link.selection]))
    return body + _sign(body, key)


def read_token(token: str, picture: PictureFormat, key: bytes) -> ChartLink:
    """Returns the link that a token is of. Raises LinkSignatureInvalid, also if it is of another format; LinkExpired."""
    body, signature = token[:-_SIGNATURE_LENGTH], token[-_SIGNATURE_LENGTH:]
    is_ours = len(token) <= _LONGEST_TOKEN and hmac.compare_digest(
        _sign(body, key).encode(), signature.encode("utf-8", "replace")
    )
    if not is_ours:
        raise LinkSignatureInvalid
    said = _read(_decode(body))
    if said[0] != _VERSION or said[4] != picture:
        raise LinkSignatureInvalid
    _, owner_id, key_id, expires, _, theme, width, selection = said
    if expires <= clock.now().timestamp():
        raise LinkExpired
    look = Look(Theme(theme), width)
    return ChartLink(UUID(owner_id), UUID(key_id) if key_id else None, expires, picture, look, selection)


@reading
def _maker(given: Given) -> Select[Any]:
    columns: list[Any] = [
        User.timezone,
        User.disabled_at,
        ApiKey.id.label("key_id"),
        ApiKey.scopes,
        ApiKey.account_ids,
        ApiKey.expires_at,
    ]
    is_theirs = and_(ApiKey.user_id == User.id, ApiKey.id == given["key_id"])
    return select(*columns).outerjoin(ApiKey, is_theirs).where(User.id == given["owner_id"])


@reading
def _person(given: Given) -> Select[Any]:
    columns: list[Any] = [User.timezone, User.disabled_at]
    return select(*columns).where(User.id == given["owner_id"])


def reader_of(link: ChartLink) -> Identity:
    """Returns as whom a link reads. Raises NotFound if its user is gone or disabled, or its key revoked or expired."""
    if link.key_id is None:
        person = _person.one(owner_id=link.owner_id)
        if person.disabled_at is not None:
            raise NotFound
        return Identity(link.owner_id, None, person.timezone)
    row = _maker.one(owner_id=link.owner_id, key_id=link.key_id)
    is_over = row.expires_at is not None and row.expires_at <= datetime.now(UTC)
    if row.disabled_at is not None or row.key_id is None or is_over:
        raise NotFound
    reached = None if row.account_ids is None else frozenset(map(UUID, row.account_ids))
    scopes = frozenset(row.scopes)
    return Identity(link.owner_id, None, row.timezone, scopes=scopes, account_ids=reached, key_id=link.key_id)


def _sign(body: str, key: bytes) -> str:
    return _encode(hmac.digest(key, body.encode("utf-8", "replace"), "sha256")[:_SIGNATURE_BYTES])


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(words: str) -> bytes:
    return urlsafe_b64decode(words + "=" * (-len(words) % 4))


def _write(said: list[Any]) -> bytes:
    """JSON, compressed, after the ids in it: as 16 bytes each they are half as long as compressed text."""
    ids: list[bytes] = []
    words = json.dumps(_without_ids(said, ids), separators=(",", ":")).encode()
    return bytes([len(ids)]) + b"".join(ids) + zlib.compress(words, 9, -15)


def _read(content: bytes) -> list[Any]:
    start = 1 + 16 * content[0]
    ids = [content[place : place + 16] for place in range(1, start, 16)]
    found: list[Any] = _with_ids(json.loads(zlib.decompress(content[start:], -15)), iter(ids))
    return found


def _without_ids(value: Any, ids: list[bytes]) -> Any:
    """The value with a `~` for each id, which goes to `ids`; another text that begins with a `~` gets one more."""
    if isinstance(value, str):
        if _ID.fullmatch(value) and len(ids) < _MOST_IDS:
            ids.append(UUID(value).bytes)
            return "~"
        return f"~{value}" if value.startswith("~") else value
    if isinstance(value, list):
        return [_without_ids(each, ids) for each in value]
    return {name: _without_ids(each, ids) for name, each in value.items()} if isinstance(value, dict) else value


def _with_ids(value: Any, ids: Iterator[bytes]) -> Any:
    if isinstance(value, str) and value.startswith("~"):
        return value[1:] if len(value) > 1 else str(UUID(bytes=next(ids)))
    if isinstance(value, list):
        return [_with_ids(each, ids) for each in value]
    return {name: _with_ids(each, ids) for name, each in value.items()} if isinstance(value, dict) else value

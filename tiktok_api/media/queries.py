"""Reading the library: media as the caller sees them, and how much is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select

from tiktok_api import events
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.db.reads import Given, is_any, planned_anew, reading
from tiktok_api.db.search import without_index
from tiktok_api.media import quotas
from tiktok_api.media.errors import MediaNotReady
from tiktok_api.media.models import NAMES, Media, MediaKind, MediaLabel, MediaStatus
from tiktok_api.media.quotas import Quota, Usage
from tiktok_api.web.pagination import Page, in_pages, read_page

_KEYS = (Media.created_at, Media.id)


def visible_to(caller: Identity | Given, *, is_searched: bool = False) -> list[ColumnElement[bool]]:
    """Returns the conditions for the media that the caller may see; in a Read, of what it is given of `Identity.reach`.

    `is_searched`: another index finds them than that of their owner.

    A key that is confined to accounts sees what a post or recurrence that it may see shows, and what none shows: that is about
    no account. Higher domains that show media answer `media.is_visible` with a condition on the column that they are given.
    """
    owner_id: Any = caller["owner_id"] if isinstance(caller, Given) else caller.user_id
    is_confined = "reached" in caller if isinstance(caller, Given) else caller.account_ids is not None
    conditions = [(without_index(Media.owner_id) if is_searched else Media.owner_id) == owner_id]
    if is_confined:
        conditions += events.ask("media.is_visible", caller=caller, media_id=Media.id)
    return conditions


@reading
def _media(given: Given) -> Select[Any]:
    query = select(Media).where(*visible_to(given, is_searched="trigrams" in given))
    if "id" in given:
        query = query.where(Media.id == given["id"])
    if "kind" in given:
        query = query.where(Media.kind == given["kind"])
    if "kinds" in given:
        query = query.where(is_any(Media.kind, given["kinds"]))
    if "status" in given:
        query = query.where(Media.status == given["status"])
    if "statuses" in given:
        query = query.where(is_any(Media.status, given["statuses"]))
    if "sha256" in given:
        query = query.where(Media.sha256 == given["sha256"])
    if "is_used" in given:
        query = query.where(_is_used())
    if "is_unused" in given:
        query = query.where(~_is_used())
    if "labels" in given:
        query = query.where(Media.id.in_(_labelled(given)))
    if "pattern" in given:
        query = planned_anew(query.where(NAMES.condition(given)))
    if "trigrams" in given:
        query = query.where(NAMES.is_found(given))
    return in_pages(query, given, _KEYS)


def _labelled(given: Given) -> Select[Any]:
    mine = MediaLabel.owner_id == given["owner_id"]
    return select(MediaLabel.media_id).where(mine, is_any(MediaLabel.label, given["labels"]))


def _is_used() -> ColumnElement[bool]:
    """Returns the answer of the higher domains that use media, `media.is_used`, on the column that they are given."""
    return or_(false(), *events.ask("media.is_used", media_id=Media.id))


def list_media(
    caller: Identity,
    args: dict[str, Any],
    *,
    kind: Sequence[MediaKind] | None = None,
    status: Sequence[MediaStatus] | None = None,
    sha256: str | None = None,
    used: bool | None = None,
    label: Sequence[str] | None = None,
    q: str | None = None,
) -> Page:
    """Returns a page of the caller's media as they see it; `q` is a part of the name, ignoring case. Raises InvalidCursor."""
    filters = {
        **_one_or_any("kind", "kinds", kind),
        **_one_or_any("status", "statuses", status),
        "sha256": sha256.lower() if sha256 is not None else None,
        "is_used": used or None,
        "is_unused": True if used is False else None,
        "labels": label,
        **NAMES.parameters(q, dialect=db.engine.dialect.name),
    }
    page = read_page(_media, args, by=_KEYS, **caller.reach, **filters)
    page.data = _all_as_seen(caller, page.data)
    return page


def _one_or_any(one: str, several: str, values: Sequence[Any] | None) -> dict[str, Any]:
    """Returns a filter as a Read is given it: of one value alone, PostgreSQL takes the order of a list from an index."""
    return {one: values[0]} if values and len(values) == 1 else {several: values}


def show_media(caller: Identity, media_id: UUID) -> Any:
    """Returns the caller's media with this id, to be looked at. Raises NotFound."""
    return _media.one(**caller.reach, id=media_id)


def show_ready(caller: Identity, media_id: UUID) -> Any:
    """Returns the caller's media if it is ready. Raises NotFound, MediaNotReady."""
    media = show_media(caller, media_id)
    if not media.is_ready:
        raise MediaNotReady(status=media.status)
    return media


@reading
def _signed(given: Given) -> Select[Any]:
    return select(Media).where(Media.id == given["id"])


def show_signed(media_id: UUID) -> Any | None:
    """Returns the media of any owner, or None. The caller checks the signature of a link to it, which is the proof."""
    return _signed.first(id=media_id)


@dataclass(frozen=True, slots=True)
class SeenMedia:
    """Media as a confined key sees it: it does not name hidden media of which it is a duplicate or a conversion."""

    media: Any
    duplicate_of: UUID | None
    source_id: UUID | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.media, name)


def as_seen(caller: Identity, media: Any) -> Any:
    """Returns media, a row or what was read of it, as the caller sees it."""
    return _all_as_seen(caller, [media])[0]


def _all_as_seen(caller: Identity, media: Sequence[Any]) -> Sequence[Any]:
    if caller.account_ids is None:
        return media
    seen = _visible(caller, (each for item in media for each in (item.duplicate_of, item.source_id) if each))
    return [
        SeenMedia(
            item,
            item.duplicate_of if item.duplicate_of in seen else None,
            item.source_id if item.source_id in seen else None,
        )
        for item in media
    ]


@reading
def _visible_ids(given: Given) -> Select[Any]:
    return select(Media.id).where(is_any(Media.id, given["ids"]), *visible_to(given))


def _visible(caller: Identity, ids: Iterable[UUID]) -> set[UUID]:
    wanted = set(ids)
    return {row.id for row in _visible_ids.all(**caller.reach, ids=wanted)} if wanted else set()


@reading
def _usage(given: Given) -> Select[Any]:
    return quotas.select_totals(*visible_to(given))


def show_usage(caller: Identity, quota: Quota) -> Usage:
    """Returns how much of the quota the media use that the caller may see."""
    return quotas.as_usage(_usage.first(**caller.reach), quota)

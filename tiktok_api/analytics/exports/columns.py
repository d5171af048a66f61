"""The columns of exported files: names, kinds and what they say, in an order that does not change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.selection import SelectedAccount, Selection
from tiktok_api.analytics.videos.vocabulary import PostedWhen, PostMetric, RankedBy, RankingOrder
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import Identity

DEFINITIONS_VERSION = 1
"""Of what the metrics mean: raised when a number of the same readings would come out differently."""

Rows = Iterator[tuple[Any, ...]]


class Kind(StrEnum):
    """What the cells of a column hold, besides nothing."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    DATE = "date"
    FLAG = "flag"


class Column(NamedTuple):
    """One column; `meaning` stands in the API's document."""

    name: str
    kind: Kind
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class AboutPosts:
    """What is asked of posts: by what `leaderboard` ranks them, what hashtags to leave out, and which post's history."""

    metric: PostMetric = PostMetric.VIEWS
    by: RankedBy = RankedBy.GAINED
    posted: PostedWhen = PostedWhen.ANY
    order: RankingOrder = RankingOrder.DESCENDING
    min_views: int = 0
    min_posts: int = 1
    post_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is exported: what was captured before `as_of`, where `window` ends at the latest; `before` is the window before.

    `asked` has the same readings, and today's whole day if `as_of` is now: whole days can be added up by the database.
    """

    caller: Identity
    selection: Selection
    window: Window
    asked: Window
    before: Window
    as_of: datetime
    metrics: tuple[Metric, ...]
    interval: Interval
    about_posts: AboutPosts


@dataclass(frozen=True, slots=True)
class Dataset:
    """Something that can be exported.

    `is_stored`: readings as they are, of all times where no window is given. `is_of_now`: by the latest numbers, and by none before.
    """

    meaning: str
    columns: tuple[Column, ...]
    rows: Callable[[Inquiry], Rows]
    is_stored: bool = False
    is_by_label: bool = True
    is_of_now: bool = False


def text(name: str, meaning: str = "") -> Column:
    """A column of words."""
    return Column(name, Kind.TEXT, meaning)


def numbers(*names: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(name, Kind.NUMBER) for name in names)


def time(name: str, meaning: str = "") -> Column:
    """A column of instants in UTC."""
    return Column(name, Kind.TIME, meaning)


ACCOUNT = (text("account_id"), text("username", "Its present one."))
"""Whose row it is: the first columns of each dataset."""
PROVENANCE = (
    text("source", "TikTok's endpoint: user_info or video_list; backfill is video_list read from the command line."),
    Column("is_restated", Kind.FLAG, "TikTok has lowered a number."),
    text("reason", "Why a number is empty."),
    Column("definitions_version", Kind.NUMBER, "Of the definitions of the metrics."),
)
"""How the row is known: the last columns of each dataset."""


def owner_of_row(account: SelectedAccount) -> tuple[UUID, str | None]:
    """The cells of ACCOUNT."""
    return account.id, account.username


def owner_of_whole(selection: Selection) -> tuple[Any, ...]:
    """The cells of ACCOUNT of numbers that are of all accounts together: the account, if it is one alone."""
    accounts = selection.accounts
    return owner_of_row(accounts[0]) if len(accounts) == 1 else (None, None)


def provenance(source: str | None, *, is_restated: bool | None, reason: str | None) -> tuple[Any, ...]:
    """The cells of PROVENANCE."""
    return source, is_restated, reason, DEFINITIONS_VERSION

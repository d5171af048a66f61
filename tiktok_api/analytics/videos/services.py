"""The leaderboard in pages: a cursor holds the window and the instant until which readings count, so that pages do not drift."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.analytics import windows
from tiktok_api.analytics.selection import Selection, select_accounts
from tiktok_api.analytics.videos import leaderboard, ranking
from tiktok_api.analytics.videos.leaderboard import RankingQuestion
from tiktok_api.analytics.videos.vocabulary import PostedWhen, PostMetric, RankedBy, RankingOrder
from tiktok_api.analytics.windows import Moment, Window
from tiktok_api.auth.identity import Identity
from tiktok_api.web.pagination import Page, read_cursor, write_cursor


@dataclass(slots=True)
class LeaderboardPage(Page):
    """A page of ranked posts, what they are ranked by, and how many there are.

    `question` holds the window, `selection` the accounts. Of `accounts` in question, `accounts_read` were read in time; of their posts, `ranked` have a
    place and `unranked` have none.
    """

    question: RankingQuestion = field(kw_only=True)
    selection: Selection = field(kw_only=True)
    accounts: int = 0
    accounts_read: int = 0
    ranked: int = 0
    unranked: int = 0


@dataclass(frozen=True, slots=True)
class _Pin:
    """What a cursor holds: the window and the end of what was read, and the last post of the page before."""

    starts_at: datetime
    ends_at: datetime
    until: datetime
    rank: int
    number: float
    account_id: UUID
    position: int


def rank_posts(
    caller: Identity,
    args: dict[str, Any],
    *,
    selected: dict[str, Any],
    within: dict[str, Any],
    metric: PostMetric,
    by: RankedBy,
    posted: PostedWhen,
    order: RankingOrder,
    min_views: int,
) -> LeaderboardPage:
    """A page of the caller's posts, ranked. `args` holds limit, cursor and include_total of PageArgsSchema.

    Raises NotFound, InvalidCursor, TooManyAccounts, TooManyReadings, WindowBackwards, WindowOutOfRange.
    """
    pin = read_cursor(args.get("cursor"), _pin_of)
    window = asked_window(caller, **within)
    if pin:
        window = Window(pin.starts_at, pin.ends_at, window.timezone)
    until = pin.until if pin else min(window.ends_at, clock.now())
    question = RankingQuestion(window, until, metric, by, posted, order, min_views)
    selection = select_accounts(caller, **selected)
    ranked = leaderboard.rank(caller.user_id, selection, question)
    after = ranked.mark(pin.number, (pin.account_id, pin.position)) if pin else None
    found = ranking.best(ranked.numbers, args["limit"] + 1, after)
    has_more, found = len(found) > args["limit"], found[: args["limit"]]
    rank_before = pin.rank if pin else 0
    cursor = None
    if has_more:
        last, number = ranked.place(found[-1]), ranked.numbers[found[-1]]
        cursor = write_cursor([window.starts_at, window.ends_at, until, rank_before + len(found), number, *last])
    rows = leaderboard.show(ranked, found, first_rank=rank_before + 1)
    page = LeaderboardPage(rows, cursor, has_more, question=question, selection=selection)
    page.accounts, page.accounts_read = len(selection.accounts), ranked.accounts_read
    page.ranked, page.unranked = ranked.ranked, ranked.unranked
    if args["include_total"]:
        page.add_total(ranked.ranked)
    return page


def divide(asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What selects accounts and what bounds the window, taken out of the arguments of a request."""
    return take(asked, "account_id", "tag", "label"), take(asked, "starts", "ends", "timezone")


def take(asked: dict[str, Any], *names: str) -> dict[str, Any]:
    """The arguments with these names, taken out of those of a request."""
    return {name: asked.pop(name) for name in names if name in asked}


def asked_window(
    caller: Identity, *, starts: Moment | None = None, ends: Moment | None = None, timezone: str | None = None
) -> Window:
    """The window of a request, by the caller's days if it names no zone. Raises WindowBackwards, WindowOutOfRange."""
    return windows.make_window(starts, ends, timezone=timezone or caller.timezone, now=clock.now())


def _pin_of(values: list[Any]) -> _Pin:
    *moments, rank, number, account_id, position = values
    starts_at, ends_at, until = map(datetime.fromisoformat, moments)
    return _Pin(starts_at, ends_at, until, rank, number, UUID(account_id), position)

"""The posts of many accounts ranked by any metric, over a window or since they were posted.

Gains are differences of the last `VideoTotals` before each end of the window, so that those of all posts of an account add up to
the change of the account. What was lowered counts as it is. Posts of an account that was not read in the window and before it
have no gain; they are not ranked, and the accounts are counted.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import NOT_COUNTED
from tiktok_api.analytics.selection import Selection
from tiktok_api.analytics.video_arrays import Totals
from tiktok_api.analytics.video_totals import labelled_positions, totals_at
from tiktok_api.analytics.videos import numbers, ranking, rows
from tiktok_api.analytics.videos.ranking import UNRANKED, Mark
from tiktok_api.analytics.videos.rows import Place
from tiktok_api.analytics.videos.vocabulary import COUNTERS_OF, PostedWhen, PostMetric, RankedBy, RankingOrder
from tiktok_api.analytics.windows import Window

Ends = Mapping[UUID, Sequence[Totals | None]]
"""By account: what its posts had at the start of the window, and at its end."""


@dataclass(frozen=True, slots=True)
class RankingQuestion:
    """What posts are ranked by; `until`: readings of this instant and later do not count."""

    window: Window
    until: datetime
    metric: PostMetric = PostMetric.VIEWS
    by: RankedBy = RankedBy.GAINED
    posted: PostedWhen = PostedWhen.ANY
    order: RankingOrder = RankingOrder.DESCENDING
    least_views: int = 0


@dataclass(slots=True)
class Ranking:
    """The numbers of all posts in question, by account; `starts` are the indexes at which accounts begin."""

    question: RankingQuestion
    numbers: "array[Any]"
    account_ids: list[UUID] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    positions: list[Sequence[int]] = field(default_factory=list)

    @property
    def accounts_read(self) -> int:
        """Of how many accounts posts could be ranked."""
        return len(self.account_ids)

    @property
    def ranked(self) -> int:
        """How many posts have a place."""
        return len(self.numbers) - self.unranked

    @property
    def unranked(self) -> int:
        """How many posts have none: not counted yet, or too few views for a rate."""
        return self.numbers.count(UNRANKED)

    def add(self, account_id: UUID, found: Sequence[float], chosen: Sequence[int] | None) -> None:
        """Add the posts of an account, those at some positions or all. The ids of accounts must come in order."""
        positions = range(len(found)) if chosen is None else [place for place in chosen if place < len(found)]
        self.account_ids.append(account_id)
        self.starts.append(len(self.numbers))
        self.positions.append(positions)
        self.numbers.extend(found if chosen is None else [found[place] for place in positions])

    def place(self, index: int) -> Place:
        """Where a post stands."""
        which = bisect_right(self.starts, index) - 1
        return self.account_ids[which], self.positions[which][index - self.starts[which]]

    def mark(self, number: float, place: Place) -> Mark:
        """Where the posts after this one begin."""
        account_id, position = place
        which = bisect_left(self.account_ids, account_id)
        if which == len(self.account_ids):
            return Mark(number, len(self.numbers))
        before = bisect_right(self.positions[which], position) if self.account_ids[which] == account_id else 0
        return Mark(number, self.starts[which] + before - 1)


def rank(
    owner_id: UUID,
    selection: Selection,
    question: RankingQuestion,
    labelled: Mapping[UUID, Sequence[int]] | None = None,
) -> Ranking:
    """The numbers of all posts of a selection; `labelled` are those with its labels, if known. Raises TooManyReadings."""
    ranking_ = Ranking(question, numbers.empty(question.metric))
    counters = COUNTERS_OF[question.metric]
    positions = _chosen(owner_id, selection, question, labelled)
    account_ids = selection.account_ids if positions is None else [*filter(positions.get, selection.account_ids)]
    if not account_ids:
        return ranking_
    for account_id, found in _numbers(account_ids, question, counters):
        if question.order is RankingOrder.ASCENDING:
            found = numbers.negated(found)
        ranking_.add(account_id, found, None if positions is None else positions[account_id])
    return ranking_


def _numbers(
    account_ids: Sequence[UUID], question: RankingQuestion, counters: Sequence[str]
) -> Iterator[tuple[UUID, Sequence[float]]]:
    """The metric of all posts of each account; accounts of which it is unknown are left out."""
    metric, least_views, starts_at = question.metric, question.least_views, question.window.starts_at
    if question.by is RankedBy.GAINED:
        ends = totals_at(account_ids, [starts_at, question.until], counters)
        for account_id, (before, last) in zip(account_ids, ends, strict=True):
            if before is not None and last is not None and last.captured_at >= starts_at:
                yield account_id, numbers.gained(metric, before, last, least_views=least_views)
        return
    first = rows.first_numbers(account_ids, counters)
    none = dict.fromkeys(counters, b"")
    for account_id, (last,) in zip(account_ids, totals_at(account_ids, [question.until], counters), strict=True):
        if last is not None:
            yield account_id, numbers.total(metric, last, first.get(account_id, none), least_views=least_views)


def _chosen(
    owner_id: UUID,
    selection: Selection,
    question: RankingQuestion,
    labelled: Mapping[UUID, Sequence[int]] | None,
) -> Mapping[UUID, Sequence[int]] | None:
    """The positions of the posts in question by account; None: all."""
    chosen = labelled
    if selection.labels is not None and chosen is None:
        chosen = labelled_positions(owner_id, selection.account_ids, selection.labels)
    if question.posted is PostedWhen.WINDOW:
        window = question.window
        posted = rows.posted_between(selection.account_ids, window.starts_at, window.ends_at)
        if chosen is None:
            return posted
        return {each: sorted({*places} & {*posted.get(each, ())}) for each, places in chosen.items()}
    return chosen


def show(
    ranking_: Ranking, indexes: Sequence[int], *, first_rank: int, ends: Ends | None = None
) -> list[dict[str, Any]]:
    """Some ranked posts with all their numbers, in their order; `ends` need not be read again for each page."""
    if not indexes:
        return []
    question = ranking_.question
    places = [ranking_.place(index) for index in indexes]
    known = read_ends(question, sorted({account_id for account_id, _ in places})) if ends is None else ends
    found = rows.shown(places)
    shown = []
    for rank_, place in enumerate(places, first_rank):
        before, last = known[place[0]]
        if place in found and last is not None:  # unless it was deleted a moment ago
            shown.append({"rank": rank_, **_describe(question, found[place], before, last)})
    _tell_lowered(shown)
    return shown


def read_ends(question: RankingQuestion, account_ids: Sequence[UUID]) -> Ends:
    """What the accounts' posts had at both ends of the window: 64 bytes for each post. Raises TooManyReadings."""
    instants = [question.window.starts_at, question.until]
    return dict(zip(account_ids, totals_at(account_ids, instants, VIDEO_COUNTERS), strict=True))


def _describe(question: RankingQuestion, row: Any, before: Totals | None, last: Totals) -> dict[str, Any]:
    now = {name: last.gain(name, row.position) for name in VIDEO_COUNTERS}
    total = numbers.describe({name: now[name] + getattr(row, f"first_{name}") for name in VIDEO_COUNTERS})
    if before is None:
        gained = numbers.unknown(Reason.NO_READING_BEFORE_WINDOW)
    elif last.captured_at < question.window.starts_at:
        gained = numbers.unknown(Reason.NO_READING_IN_WINDOW)
    else:
        then = {name: _before(before.gain(name, row.position)) for name in VIDEO_COUNTERS}
        gained = numbers.describe({name: now[name] - then[name] for name in VIDEO_COUNTERS})
    value = (gained if question.by is RankedBy.GAINED else total)[question.metric.value]
    return {
        **rows.describe(row),
        "username": row.username,
        "value": value,
        "gained": gained,
        "total": total,
        "captured_at": last.captured_at,
        "changed_since": None if before is None else before.captured_at,
        "is_restated": row.is_restated,
    }


def _before(gain: int) -> int:
    """What a post had gained before the window: nothing if it was not counted yet."""
    return 0 if gain == NOT_COUNTED else gain


def _tell_lowered(shown: Sequence[dict[str, Any]]) -> None:
    """Let `is_restated` be of the time between the two readings of each post."""
    ever = [row for row in shown if row["is_restated"]]
    if not ever:
        return
    whole_past = clock.EARLIEST
    after = min(row["changed_since"] or whole_past for row in ever)
    lowered = rows.lowered_at([row["id"] for row in ever], after, max(row["captured_at"] for row in ever))
    for row in ever:
        since = row["changed_since"] or whole_past
        row["is_restated"] = any(since < at <= row["captured_at"] for at in lowered.get(row["id"], ()))


def top_posts(
    owner_id: UUID,
    selection: Selection,
    window: Window,
    metric: PostMetric = PostMetric.VIEWS,
    limit: int = 10,
    labelled: Mapping[UUID, Sequence[int]] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """The posts that gained most in a window, as rows of the leaderboard; `options` are those of RankingQuestion. Raises TooManyReadings."""
    question = RankingQuestion(window, min(window.ends_at, clock.now()), metric, **options)
    ranked = rank(owner_id, selection, question, labelled)
    return show(ranked, ranking.best(ranked.numbers, limit), first_rank=1)

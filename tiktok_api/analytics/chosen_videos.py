"""What some of an account's videos add up to, out of the arrays of `VideoTotals`: pure arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from operator import add, itemgetter, lt
from typing import cast

from tiktok_api.analytics.metrics import VIDEO_COUNTERS
from tiktok_api.analytics.models import NOT_COUNTED
from tiktok_api.analytics.series import Snapshot
from tiktok_api.analytics.video_arrays import Totals


class Chosen:
    """Some videos of an account: where they are in what is read of its arrays, and what their changes are counted from."""

    def __init__(self, first: Mapping[int, Mapping[str, int]]) -> None:
        positions = sorted(first)
        self.span = (positions[0], positions[-1]) if positions else (0, 0)
        self.places = [position - self.span[0] for position in positions]
        self.size = self.places[-1] + 1 if positions else 0
        self.first = {name: [first[position][name] for position in positions] for name in VIDEO_COUNTERS}
        # The last one twice: of one place alone, itemgetter gives no tuple.
        self._get = itemgetter(*self.places, self.places[-1]) if positions else None

    def pick(self, whole: Sequence[int], missing: int) -> Sequence[int]:
        """What there is of each, in turn; `missing` of those that were not known yet."""
        if self._get is not None and self.size <= len(whole):
            return cast("tuple[int, ...]", self._get(whole))[:-1]
        return [whole[place] if place < len(whole) else missing for place in self.places]


def add_up(rows: Sequence[Totals | None], chosen: Chosen, counters: Iterable[str]) -> dict[str, list[Snapshot | None]]:
    """What the chosen videos had at each row, by counter."""
    public = [() if row is None else chosen.pick(row.public, 0) for row in rows]
    are_all_public = [all(each) for each in public]
    found: dict[str, list[Snapshot | None]] = {}
    for counter in counters:
        first = chosen.first[counter]
        snapshots: list[Snapshot | None] = []
        whole, drops = sum(first), 0
        before: Sequence[int] = [NOT_COUNTED] * len(first)
        for place, row in enumerate(rows):
            if row is None:
                snapshots.append(None)
                continue
            now = chosen.pick(row.gains(counter), NOT_COUNTED)
            if NOT_COUNTED in now:
                snapshot, before = _with_uncounted(row, now, before, first, public[place], drops)
            else:
                drops, total = drops + sum(map(lt, now, before)), sum(now)
                value = total + whole
                if not are_all_public[place]:
                    value = sum(compress(map(add, now, first), public[place]))
                snapshot, before = Snapshot(row.captured_at, value, total, drops), now
            drops = snapshot.drops
            snapshots.append(snapshot)
        found[counter] = snapshots
    return found


def _with_uncounted(
    row: Totals, now: Sequence[int], before: Sequence[int], first: Sequence[int], public: Sequence[int], drops: int
) -> tuple[Snapshot, Sequence[int]]:
    """What the videos had of which some were not counted yet, and what each had by then."""
    is_counted = [gain != NOT_COUNTED for gain in now]
    drops += sum(compress(map(lt, now, before), is_counted))
    shown = [one and other for one, other in zip(is_counted, public, strict=True)]
    value, total = sum(compress(map(add, now, first), shown)), sum(compress(now, is_counted))
    by_then = [gain if known else old for gain, old, known in zip(now, before, is_counted, strict=True)]
    return Snapshot(row.captured_at, value, total, drops), by_then


def together(parts: Sequence[list[Snapshot | None]]) -> list[Snapshot | None]:
    """The sum of several counters of the same rows."""
    return parts[0] if len(parts) == 1 else [_sum(each) for each in zip(*parts, strict=True)]


def _sum(parts: Sequence[Snapshot | None]) -> Snapshot | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    captured_at, values, totals, drops = zip(*known, strict=True)
    return Snapshot(captured_at[0], sum(values), sum(totals), sum(drops))

"""The simulator's counting of inits, written again in the plainest way: every init looks at all that were before it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tiktok_api.posts.capacity.forecast import PlannedInit

DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)


def refused(
    inits: Iterable[PlannedInit], *, creator_posts: int, app_creators: int | None, inbox_shares: int
) -> list[tuple[PlannedInit, str]]:
    """Those that TikTok would refuse, and why."""
    called: list[PlannedInit] = []
    taken: list[PlannedInit] = []
    found = []
    for init in sorted(inits, key=lambda each: each.at):
        reason = None
        in_minute = [each for each in called if _is_within(each, init.at, MINUTE) and each.endpoint == init.endpoint]
        if len(in_minute) >= 6:
            found.append((init, "inits_per_minute"))
            continue
        called = [each for each in called if _is_within(each, init.at, MINUTE)] + [init]
        taken = [each for each in taken if _is_within(each, init.at, DAY)]
        mine = [each for each in taken if each.creator == init.creator]
        if not init.is_direct:
            if sum(not each.is_direct for each in mine) >= inbox_shares:
                reason = "inbox_shares_pending"
        elif sum(each.is_direct for each in mine) >= creator_posts:
            reason = "creator_cap_reached"
        elif app_creators is not None:
            active = {each.creator for each in taken if each.is_direct}
            if init.creator not in active and len(active) >= app_creators:
                reason = "app_cap_reached"
        if reason is None:
            taken.append(init)
        else:
            found.append((init, reason))
    return found


def _is_within(init: PlannedInit, at: datetime, window: timedelta) -> bool:
    return init.at > at - window

"""When posts did best: by weekday and hour of posting in a zone, by the views per hour that they had after a day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from tiktok_api import clock
from tiktok_api.analytics.selection import Selection
from tiktok_api.analytics.videos.life import why_not_young
from tiktok_api.analytics.videos.published import ENOUGH_POSTS, posts_of
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import Identity

MOST_BEST = 3
"""Hours that are named as the best."""
_DIGITS = 6

Hour = tuple[int, int]
"""A weekday, from 1 for Monday to 7, and an hour of the day."""


def tell_best_times(caller: Identity, selection: Selection, window: Window) -> dict[str, Any]:
    """A cell for each hour of the week with the posts of a window that were posted in it. Raises TooManyPosts."""
    now = clock.now()
    speeds: dict[Hour, list[float]] = {}
    left_out: Counter[str] = Counter()
    for post in posts_of(caller.user_id, selection, window):
        reason = why_not_young(post, now)
        if reason is not None:
            left_out[reason] += 1
            continue
        local = post.posted_at.astimezone(window.zone)
        hours = (post.young_at - post.posted_at) / timedelta(hours=1)
        speeds.setdefault((local.isoweekday(), local.hour), []).append(post.young_views / hours)
    cells = [_tell(weekday, hour, speeds.get((weekday, hour), [])) for weekday in range(1, 8) for hour in range(24)]
    enough = [cell for cell in cells if cell["is_enough"]]
    return {
        "window": window,
        "posts": sum(map(len, speeds.values())),
        "left_out": [{"reason": reason, "posts": posts} for reason, posts in sorted(left_out.items())],
        "cells": cells,
        "best": sorted(enough, key=lambda cell: -cell["median_views_per_hour"])[:MOST_BEST],
        "is_enough": bool(enough),
        "statement": None if enough else _state(speeds),
    }


def _tell(weekday: int, hour: int, speeds: Sequence[float]) -> dict[str, Any]:
    return {
        "weekday": weekday,
        "hour": hour,
        "posts": len(speeds),
        "median_views_per_hour": round(median(speeds), _DIGITS) if speeds else None,
        "is_enough": len(speeds) >= ENOUGH_POSTS,
    }


def _state(speeds: Mapping[Hour, Sequence[float]]) -> str:
    """A sentence on why no hour is called the best."""
    posts = sum(map(len, speeds.values()))
    if not posts:
        return "No post of this window was read at an age of 24 to 48 hours."
    noun = "post was" if posts == 1 else "posts were"
    return f"Only {posts} {noun} read at an age of 24 to 48 hours: fewer than {ENOUGH_POSTS} in any hour say little."

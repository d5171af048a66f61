"""Posts as charts to be drawn: the hours at which they did best, their ranking, and the life of one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tiktok_api.analytics.charts.drawing import axes
from tiktok_api.analytics.charts.drawing.bars import Bar, Bars
from tiktok_api.analytics.charts.drawing.heat_map import DAYS, HeatCell, HeatMap
from tiktok_api.analytics.charts.drawing.life import Age, Life
from tiktok_api.analytics.charts.labels import days_of
from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.selection import Selection
from tiktok_api.analytics.videos.published import ENOUGH_POSTS
from tiktok_api.analytics.videos.services import LeaderboardPage
from tiktok_api.analytics.videos.vocabulary import PostMetric, RankedBy, RankingOrder

_HOUR = timedelta(hours=1)


def best_times_chart(times: dict[str, Any], selection: Selection) -> HeatMap:
    """Returns what BestTimesSchema tells as a heat map."""
    window, posts = times["window"], times["posts"]
    best = times["best"][0] if times["best"] else None
    return HeatMap(
        key="best-times",
        title=f"Best times to post{_of(selection)}",
        subtitle=f"{days_of(window)}, {window.timezone}: median views per hour after a day, by the hour of posting",
        headline=f"{DAYS[best['weekday'] - 1]} {best['hour']:02}:00" if best else "",
        note=f"the best of {_posts(posts)}" if best else _posts(posts),
        cells=[
            HeatCell(cell["weekday"] - 1, cell["hour"], cell["median_views_per_hour"], cell["posts"])
            for cell in times["cells"]
        ],
        least_posts=ENOUGH_POSTS,
        warning=times["statement"] or "",
    )


def leaderboard_chart(page: LeaderboardPage) -> Bars:
    """Returns a page of ranked posts as bars."""
    question = page.question
    metric = question.metric.value.replace("_", " ")
    is_rate, is_gained = question.metric is PostMetric.ENGAGEMENT_RATE, question.by is RankedBy.GAINED
    which = "Top" if question.order is RankingOrder.DESCENDING else "Weakest"
    zone = question.window.zone
    return Bars(
        key=f"leaderboard-{question.metric}-{question.by}",
        title=f"{which} posts{_of(page.selection)} by {metric}",
        subtitle=f"{days_of(question.window)}, {question.window.timezone}",
        bars=[Bar(_words_of(row), row["value"], ", ".join(_where(row, row["posted_at"], zone))) for row in page.data],
        unit=f"{metric}, {'gained in this window' if is_gained else 'in all'}",
        is_rate=is_rate,
    )


def life_chart(post: dict[str, Any], zone: Any) -> Life:
    """Returns the history of a post as its views by age; of several videos the one with the most views."""
    videos = post["videos"]
    if not videos:
        return Life(key="post", title="A post", subtitle="Its video is not known yet", ages=[])
    video = max(videos, key=lambda each: each["total"]["views"] or 0)
    views = video["total"]["views"]
    others = f", of {len(videos)} videos the one with the most views" if len(videos) > 1 else ""
    return Life(
        key="post",
        title=_words_of(video),
        subtitle=", ".join(_where(video, video["posted_at"], zone)) + others,
        headline="–" if views is None else axes.number(views),
        note=_beside_others(video["at_24_hours"]),
        ages=sorted(_ages(video), key=lambda age: age.hours),
    )


def _ages(video: dict[str, Any]) -> Iterator[Age]:
    posted_at: datetime | None = video["posted_at"]
    if posted_at is None:
        return
    for point in video["points"]:
        yield Age(point["age_hours"], point["views"], point["is_restated"])
    for day in video["days"]:
        middle = (day["starts_at"] + (day["ends_at"] - day["starts_at"]) / 2 - posted_at) / _HOUR
        if day["reason"] is Reason.NO_READING_IN_WINDOW and middle > 0:
            yield Age(middle, None)


def _beside_others(compared: dict[str, Any]) -> str:
    if compared["ratio"] is None:
        return "views"
    return f"views, {compared['ratio']:.1f} × the usual after a day"


def _words_of(row: dict[str, Any]) -> str:
    return row["title"] or row["description"] or f"Video {row['video_id']}"


def _where(row: dict[str, Any], posted_at: datetime | None, zone: Any) -> Iterator[str]:
    if row["username"]:
        yield f"@{row['username']}"
    if posted_at is not None:
        yield axes.day(posted_at.astimezone(zone).date())


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{axes.number(count)} posts"


def _of(selection: Selection) -> str:
    """Of which accounts, in words."""
    if selection.labels is not None:
        return f" labelled {', '.join(selection.labels)}"
    if len(selection.accounts) != 1:
        return f" of {len(selection.accounts)} accounts"
    [account] = selection.accounts
    return f" of @{account.username}" if account.username else ""

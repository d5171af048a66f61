"""The figures of publishing for `/metrics`: unfinished publications, how late posts go out, how long each state lasts."""

from collections.abc import Iterator

from sqlalchemy import func, inspect, select

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.db.reads import is_one_of
from tiktok_api.metrics import counters
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric
from tiktok_api.posts.models import Attempt, Post, Publication, TimelineEntry
from tiktok_api.posts.states import UNFINISHED, PublicationState

_MOST_ENTRIES = 200
_MOST_REASONS = 50


def gauges() -> Iterator[Metric]:
    """Yields unfinished publications by state, those held by reason, and the age of the oldest in each state."""
    shown = GaugeMetricFamily("tiktok_api_publications", "Unfinished publications.", labels=["state"])
    oldest = GaugeMetricFamily(
        "tiktok_api_publications_oldest_seconds", "Since the one that changed longest ago changed.", labels=["state"]
    )
    held = GaugeMetricFamily("tiktok_api_publications_held", "Publications on hold.", labels=["reason"])
    query = (
        select(Publication.state, Publication.reason, func.count(), func.min(Publication.updated_at))
        .where(is_one_of(Publication.state, UNFINISHED))
        .group_by(Publication.state, Publication.reason)
    )
    now = clock.now()
    counts = dict.fromkeys(UNFINISHED, 0)
    ages = dict.fromkeys(UNFINISHED, 0.0)
    reasons: dict[str, int] = {}
    for state, reason, count, changed in db.session.execute(query):
        counts[state] += count
        ages[state] = max(ages[state], (now - changed).total_seconds())
        if state is PublicationState.HELD:
            reasons[reason or "unknown"] = count
    for state in UNFINISHED:
        shown.add_metric([state], counts[state])
        oldest.add_metric([state], ages[state])
    for reason, count in sorted(reasons.items(), key=lambda each: -each[1])[:_MOST_REASONS]:
        held.add_metric([reason], count)
    yield from (shown, oldest, held)


def count_transition(publication: Publication) -> None:
    """Count how long the last state lasted, and, when the first upload begins, how late the post is."""
    if inspect(publication).transient:  # it is only being created
        return
    entries = db.session.execute(
        select(TimelineEntry.state, TimelineEntry.at)
        .where(TimelineEntry.publication_id == publication.id)
        .order_by(TimelineEntry.id.desc())
        .limit(_MOST_ENTRIES)
    ).all()
    now, before = entries[0], entries[1:]
    if before and before[0].state is not now.state:
        since = before[0].at
        for entry in before:
            if entry.state is not before[0].state:
                break
            since = entry.at
        counters.state_seconds.labels(before[0].state.value).observe(max(0.0, (now.at - since).total_seconds()))
    if now.state is PublicationState.UPLOADING and before and before[0].state is PublicationState.PREPARING:
        _count_lateness(publication)


def _count_lateness(publication: Publication) -> None:
    mode, due = db.session.execute(select(Post.mode, Post.publish_at).where(Post.id == publication.post_id)).one()
    first = db.session.execute(
        select(func.count(), func.min(Attempt.opened_at)).where(Attempt.publication_id == publication.id)
    ).one()
    if due is not None and first[0] == 1 and first[1] is not None:
        counters.publish_lateness_seconds.labels(mode.value).observe(max(0.0, (first[1] - due).total_seconds()))

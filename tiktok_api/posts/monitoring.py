"""The figures of publishing for `/metrics`: unfinished publications, how late posts go out, how long each state lasts."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.db.reads import is_one_of
from tiktok_api.metrics import counters
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric
from tiktok_api.posts.models import Publication, TimelineEntry
from tiktok_api.posts.publishing.transitions import StateChange
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


def count_transition(publication: Publication, *, change: StateChange | None = None) -> None:
    """Count how long the last state lasted, and, when the first upload begins, how late the post is."""
    if change is None:  # it is only being created
        return
    since = change.since or _find_beginning(publication)
    if since is not None and change.before is not publication.state:
        counters.state_seconds.labels(change.before.value).observe(max(0.0, (change.at - since).total_seconds()))
    begins = publication.state is PublicationState.UPLOADING and change.before is PublicationState.PREPARING
    due, attempt = change.post.publish_at, change.attempt
    if begins and attempt is not None and attempt.number == 1 and attempt.opened_at is not None and due is not None:
        late = (attempt.opened_at - due).total_seconds()
        counters.publish_lateness_seconds.labels(change.post.mode.value).observe(max(0.0, late))


def _find_beginning(publication: Publication) -> datetime | None:
    """Returns when the last state but the present one began, by the timeline; None: it tells nothing of that."""
    entries = db.session.execute(
        select(TimelineEntry.state, TimelineEntry.at)
        .where(TimelineEntry.publication_id == publication.id)
        .order_by(TimelineEntry.id.desc())
        .limit(_MOST_ENTRIES)
    ).all()
    before = takewhile(lambda entry: entry.state is entries[1].state, entries[1:])
    return min((entry.at for entry in before), default=None)

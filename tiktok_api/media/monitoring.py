"""Metrics of uploads and inspections."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from tiktok_api.db import db
from tiktok_api.errors import Problem
from tiktok_api.media.models import UNINSPECTED, Media
from tiktok_api.metrics import counters
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric


def gauges() -> Iterator[Metric]:
    """The number of media that are being uploaded or inspected."""
    shown = GaugeMetricFamily("tiktok_api_media_unfinished", "Media not yet ready or rejected.", labels=["status"])
    query = select(Media.status, func.count()).where(Media.status.in_(UNINSPECTED)).group_by(Media.status)
    counts = {status: count for status, count in db.session.execute(query)}  # noqa: C416  # rows are not pairs to mypy
    for status in UNINSPECTED:
        shown.add_metric([status], counts.get(status, 0))
    yield shown


@contextmanager
def counted_upload() -> Iterator[None]:
    """Count a request body while it is received, and its outcome."""
    outcome = "failed"
    counters.uploads_in_flight.inc()
    try:
        yield
        outcome = "stored"
    except Problem as problem:
        outcome = problem.code
        raise
    finally:
        counters.uploads_in_flight.dec()
        counters.uploads.labels(outcome).inc()

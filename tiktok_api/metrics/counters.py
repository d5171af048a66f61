"""What is counted, by name.

`REQUESTS` is counted by the processes that answer requests, `WORK` by workers, which leave it in the database
(`jobs/counters.py`), so that one scrape of any API process shows all of them.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric

__all__ = ["REQUESTS", "WORK", "GaugeMetricFamily", "Gauges", "Metric"]

disable_created_metrics()  # type: ignore[no-untyped-call]  # files of several processes know no such times either

Gauges = Callable[[], Iterable[Metric]]
"""Reads the present state, in an application context; raises when it cannot."""

REQUESTS = CollectorRegistry()
WORK = CollectorRegistry()

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_SLOW = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0, 604_800.0)

requests = Counter("tiktok_api_http_requests", "Requests answered.", ("method", "route", "status"), registry=REQUESTS)
request_seconds = Histogram(
    "tiktok_api_http_request_duration_seconds",
    "From the first byte of a request to the last of its answer.",
    ("method", "route"),
    buckets=_FAST,
    registry=REQUESTS,
)
requests_in_flight = Gauge(
    "tiktok_api_http_requests_in_flight",
    "Requests being answered.",
    registry=REQUESTS,
    multiprocess_mode="livesum",
)
connections = Gauge(
    "tiktok_api_connections",
    "Connections of clients that are open.",
    registry=REQUESTS,
    multiprocess_mode="livesum",
)
connections_cut = Counter(
    "tiktok_api_connections_cut",
    "Connections that were closed while they waited: idle, or too slow with a head, a body, sending or an end; for room or memory.",
    ("waiting",),
    registry=REQUESTS,
)
transfers = Gauge(
    "tiktok_api_transfers",
    "Large bodies on their way, in and out.",
    registry=REQUESTS,
    multiprocess_mode="livesum",
)
transfers_refused = Counter(
    "tiktok_api_transfers_refused",
    "Large bodies that found no place, or that had to give it up.",
    ("outcome",),
    registry=REQUESTS,
)
limiter_fallbacks = Counter(
    "tiktok_api_rate_limit_fallbacks", "Requests counted by a process alone because Redis was away.", registry=REQUESTS
)
upload_bytes = Counter("tiktok_api_upload_bytes", "Bytes received in uploads.", registry=REQUESTS)
uploads = Counter(
    "tiktok_api_uploads",
    "Bodies of uploads taken in: stored, or the code of the refusal.",
    ("outcome",),
    registry=REQUESTS,
)
uploads_in_flight = Gauge(
    "tiktok_api_uploads_in_flight", "Bodies being taken in.", registry=REQUESTS, multiprocess_mode="livesum"
)

jobs = Counter("tiktok_api_jobs", "Jobs run: done, again, failed or dead.", ("kind", "outcome"), registry=WORK)
job_seconds = Histogram(
    "tiktok_api_job_duration_seconds", "How long a job ran.", ("kind",), buckets=_SLOW[:9], registry=WORK
)
publish_lateness_seconds = Histogram(
    "tiktok_api_publish_lateness_seconds",
    "From the time a post was due to the first upload that TikTok opened for it.",
    ("mode",),
    buckets=_SLOW,
    registry=WORK,
)
state_seconds = Histogram(
    "tiktok_api_publication_state_duration_seconds",
    "How long publications stayed in a state before they left it.",
    ("state",),
    buckets=_SLOW,
    registry=WORK,
)
inspections = Counter(
    "tiktok_api_media_inspections", "Media inspected: ready or rejected.", ("outcome",), registry=WORK
)

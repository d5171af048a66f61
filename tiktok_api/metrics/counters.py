"""What is counted, by name. `REQUESTS` is counted by the processes that answer, `WORK` by workers, who leave it in the
database (`jobs/counters.py`), so that one scrape of any API process tells of all of them.

No other module imports the library, because it decides when it is imported whether there is one process or several.
With several, the values of `REQUESTS` live in files of a folder that gunicorn's master makes; else in memory.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["REQUESTS", "WORK", "GaugeMetricFamily", "Gauges", "Metric", "exposition", "forget_process"]

FOLDER_PREFIX = "tiktok-api-metrics-"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

if not Path(os.environ.get(_FOLDER, "")).name.startswith(FOLDER_PREFIX):
    os.environ.pop(_FOLDER, None)  # not gunicorn's: what a worker wrote there would be counted as an API process's

from prometheus_client import (  # noqa: E402
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.mmap_dict import MmapedDict  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

disable_created_metrics()  # type: ignore[no-untyped-call]  # files of several processes know no such times either

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
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


def exposition(gauges: Iterable[Metric]) -> bytes:
    """The text that Prometheus reads: what all API processes counted, then `gauges`."""
    registry = CollectorRegistry()
    folder = os.environ.get(_FOLDER)
    registry.register(_Ready(gauges))
    if folder is None:
        return generate_latest(REQUESTS) + generate_latest(registry)
    counted = CollectorRegistry()
    with suppress(OSError, ValueError), _files(folder, fcntl.LOCK_SH):  # somebody may have cleaned the folder away
        MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(registry)
    return generate_latest(registry)


def forget_process(folder: str, pid: int) -> None:
    """Add what a process that has ended had counted to one set of files, so that they stay few and no counter goes back."""
    with _files(folder, fcntl.LOCK_EX):
        for file in Path(folder).glob(f"*_{pid}.db"):
            kind = file.name.removesuffix(f"_{pid}.db")
            if kind in ("counter", "histogram"):
                _add(file, Path(folder) / f"{kind}_ended.db")
            file.unlink()


def _add(source: Path, target: Path) -> None:
    kept = MmapedDict(str(target))  # type: ignore[no-untyped-call]
    for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(source)):  # type: ignore[no-untyped-call]
        before, _ = kept.read_value(key)  # type: ignore[no-untyped-call]
        kept.write_value(key, before + value, timestamp)  # type: ignore[no-untyped-call]
    kept.close()  # type: ignore[no-untyped-call]


@contextmanager
def _files(folder: str, how: int) -> Iterator[None]:
    """Hold the folder's files: a scrape must not see a count in two of them at once."""
    with (Path(folder) / "lock").open("ab") as lock:
        fcntl.flock(lock, how)
        yield


class _Ready(Collector):
    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found

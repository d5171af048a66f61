"""`/metrics`, for Prometheus: the counters of the processes, and the present state, which is read from the database.

With METRICS_TOKEN set, a client with that token may scrape, from anywhere. Without one, only a process on this machine that
connects directly may: a request with a proxy's headers is refused. A private network is not trusted, because requests
that a container or a cloud forwards come from such an address as well.
"""

import hmac
import threading
import time
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import structlog
from flask import Blueprint, Response, request

from tiktok_api import __version__
from tiktok_api.db import end_reading
from tiktok_api.errors import Forbidden, Unauthorized
from tiktok_api.extensions import service
from tiktok_api.metrics import counters, exposition
from tiktok_api.metrics.counters import GaugeMetricFamily, Metric
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings
from tiktok_api.web import limits

log = structlog.get_logger(__name__)
blp = Blueprint("metrics", __name__)

CACHED_SECONDS = 5.0
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


class MetricsTokenWrong(Unauthorized):
    message = "Scrape with `Authorization: Bearer <METRICS_TOKEN>`."


class MetricsPrivate(Forbidden):
    message = "Without METRICS_TOKEN, metrics are shown only to a process on the server itself that asks directly."


@blp.get("/metrics")
def show_metrics() -> Response:
    """Show all metrics in Prometheus' text format."""
    _must_be_allowed()
    headers = {"Cache-Control": "no-store"}
    return Response(exposition.render(service(Gauges).read()), 200, headers, content_type=exposition.CONTENT_TYPE)


class Gauges:
    """The present state of each domain, read at most once in some seconds however many clients scrape."""

    def __init__(self, sources: Iterable[counters.Gauges]) -> None:
        self._sources = tuple(sources)
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._found: list[Metric] = []

    def read(self) -> list[Metric]:
        """The metrics, in an application context. A source that fails is left out and counted as failed."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at >= CACHED_SECONDS:
                self._found = list(self._read_all())
                self._read_at = time.monotonic()
            return self._found

    def _read_all(self) -> Iterator[Metric]:
        failed = 0
        for source in self._sources:
            try:
                yield from list(source())
            except Exception as error:  # whatever it is, the other sources can still be read
                failed += 1
                log.warning("metrics.unreadable", source=source.__module__, error=repr(error))
            finally:
                end_reading()
        yield GaugeMetricFamily("tiktok_api_scrape_failures", "Groups of gauges that could not be read.", value=failed)


def server_gauges() -> Iterator[Metric]:
    """This version, whether the schema is current, and where requests are counted."""
    info = GaugeMetricFamily("tiktok_api_build_info", "The version that answers.", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    is_degraded = limits.check().get("status") == "degraded"
    yield GaugeMetricFamily(
        "tiktok_api_rate_limit_degraded", "1: Redis is away and each process counts for itself.", value=is_degraded
    )
    yield GaugeMetricFamily(
        "tiktok_api_schema_current",
        "1: the database is at this version's revision.",
        value=revisions.state().is_current,
    )


def _must_be_allowed() -> None:
    token: str | None = service(Settings).metrics_token
    if token is not None:
        offered = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(offered, f"Bearer {token}".encode()):
            raise MetricsTokenWrong
    elif not _is_direct():
        raise MetricsPrivate


def _is_direct() -> bool:
    """Returns True if the connection is from this machine and no header says that it was forwarded."""
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    try:
        is_local = ip_address(before_proxies.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        is_local = False
    return is_local and not any(name in request.headers for name in _FORWARDED)

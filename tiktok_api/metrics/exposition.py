"""The text that Prometheus reads, and the files in which several processes count."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tiktok_api.metrics import FOLDER_VARIABLE
from tiktok_api.metrics.counters import REQUESTS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(gauges: Iterable[Metric]) -> bytes:
    """The text that Prometheus reads: what all API processes counted, then `gauges`."""
    registry = CollectorRegistry()
    folder = os.environ.get(FOLDER_VARIABLE)
    registry.register(_Given(gauges))
    if folder is None:
        return generate_latest(REQUESTS) + generate_latest(registry)
    counted = CollectorRegistry()
    with suppress(OSError, ValueError), _files(folder, fcntl.LOCK_SH):  # the folder may have been deleted
        MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(registry)
    return generate_latest(registry)


def forget_process(folder: str, pid: int) -> None:
    """Add the counts of an ended process to one set of files, so that files stay few and no counter goes back."""
    with _files(folder, fcntl.LOCK_EX):
        for file in Path(folder).glob(f"*_{pid}.db"):
            kind = file.name.removesuffix(f"_{pid}.db")
            if kind in ("counter", "histogram"):
                _add(file, Path(folder) / f"{kind}_ended.db")
            file.unlink()


def _add(source: Path, target: Path) -> None:
    total = MmapedDict(str(target))  # type: ignore[no-untyped-call]
    for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(source)):  # type: ignore[no-untyped-call]
        before, _ = total.read_value(key)  # type: ignore[no-untyped-call]
        total.write_value(key, before + value, timestamp)  # type: ignore[no-untyped-call]
    total.close()  # type: ignore[no-untyped-call]


@contextmanager
def _files(folder: str, lock_kind: int) -> Iterator[None]:
    """Lock the folder's files (`fcntl.LOCK_…`): a scrape must not see a count in two of them."""
    with (Path(folder) / "lock").open("ab") as lock:
        fcntl.flock(lock, lock_kind)
        yield


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics

"""The counts of workers, stored in the database for the API to show: workers answer no scrape."""

import json
from collections.abc import Iterator

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session

from tiktok_api import clock
from tiktok_api.db import Model, db, insert_into, new_id
from tiktok_api.metrics import counters
from tiktok_api.metrics.counters import Metric

Sample = tuple[str, str]
"""The name of a sample and its labels, as JSON with sorted keys."""


class WorkCount(Model):
    """One sample of `metrics.WORK`, summed over all workers, past and present."""

    __tablename__ = "work_counts"
    __table_args__ = (UniqueConstraint("name", "labels"),)

    name: Mapped[str]
    labels: Mapped[str]
    value: Mapped[float]


class Counters:
    """Adds the counts of this process to the rows. A worker that is killed loses its counts since the last heartbeat."""

    def __init__(self) -> None:
        self._stored = dict(_samples())

    def store(self, session: Session) -> dict[Sample, float]:
        """Add the growth to the rows, inside the caller's transaction. Pass the result to `confirm` after the commit."""
        counted = dict(_samples())
        grown = {sample: value - self._stored.get(sample, 0.0) for sample, value in counted.items()}
        rows = [
            {"id": new_id(), "created_at": clock.now(), "name": name, "labels": labels, "value": value}
            for (name, labels), value in sorted(
                grown.items()
            )  # in one order, so that no two workers wait for each other
            if value
        ]
        if rows:
            statement = insert_into(WorkCount).values(rows)
            added = {"value": WorkCount.value + statement.excluded.value}
            session.execute(statement.on_conflict_do_update(index_elements=["name", "labels"], set_=added))
        return counted

    def confirm(self, counted: dict[Sample, float]) -> None:
        """Remember that these counts are in the database."""
        self._stored = counted


def counted() -> Iterator[Metric]:
    """The counts of all workers, as metrics."""
    rows = db.session.execute(select(WorkCount.name, WorkCount.labels, WorkCount.value)).all()
    for known in counters.WORK.collect():
        shown = Metric(known.name, known.documentation, known.type)
        found = [(name, json.loads(labels), value) for name, labels, value in rows if _family(name) == known.name]
        for name, labels, value in sorted(found, key=_order):
            shown.add_sample(name, labels, value)
        yield shown


def _samples() -> Iterator[tuple[Sample, float]]:
    for metric in counters.WORK.collect():
        for sample in metric.samples:
            yield (sample.name, json.dumps(sample.labels, sort_keys=True)), sample.value


def _family(name: str) -> str:
    for suffix in ("_total", "_bucket", "_count", "_sum"):
        name = name.removesuffix(suffix)
    return name


def _order(sample: tuple[str, dict[str, str], float]) -> tuple[str, list[tuple[str, str]], float]:
    name, labels, _ = sample
    rest = sorted(label for label in labels.items() if label[0] != "le")
    return name, rest, float(labels.get("le", 0))

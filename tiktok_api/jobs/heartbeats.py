"""Heartbeats: each worker updates its row from a thread of its own, by the database's real clock."""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import __version__
from tiktok_api.db import Model, database_now, db, new_id, transaction
from tiktok_api.jobs import counters
from tiktok_api.jobs.lanes import Lane

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
DEAD_AFTER = timedelta(seconds=30)
"""Six beats: a worker that is silent for longer is dead, frozen or cut off from the database."""
_DELETED_AFTER = timedelta(hours=1)


class WorkerHeartbeat(Model):
    """One worker process; its id is the worker's. `busy` of its `threads` are running a job.

    `lanes` names the lanes that it takes jobs from; null: a worker of an older version, which takes all.
    """

    __tablename__ = "worker_heartbeats"

    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime] = mapped_column(index=True)
    threads: Mapped[int]
    busy: Mapped[int]
    lanes: Mapped[list[str] | None]


@dataclass(frozen=True, slots=True)
class Workers:
    """The state of the workers: how many are alive, their threads and lanes, and the age of each one's last beat."""

    alive: int
    threads: int
    busy: int
    lanes: frozenset[Lane]
    ages: tuple[float, ...]
    """Seconds since the last beat of each worker that beat within the hour, the latest first."""


def workers() -> Workers:
    """The state of the workers that beat within the hour."""
    query = select(WorkerHeartbeat, database_now().label("now")).order_by(WorkerHeartbeat.beat_at.desc()).limit(1000)
    found = [(beat, (now - beat.beat_at).total_seconds()) for beat, now in db.session.execute(query)]
    living = [beat for beat, age in found if age <= DEAD_AFTER.total_seconds()]
    return Workers(
        alive=len(living),
        threads=sum(beat.threads for beat in living),
        busy=sum(beat.busy for beat in living),
        lanes=frozenset(lane for beat in living for lane in Lane if beat.lanes is None or lane in beat.lanes),
        ages=tuple(max(0.0, age) for _, age in found),
    )


class Heartbeat:
    """Beats until it is stopped; then it deletes the row, because a worker that was told to stop is not a dead one."""

    def __init__(self, app: Flask, *, lanes: Mapping[Lane, int], busy: Callable[[], int]) -> None:
        """`lanes`: the lanes that the worker takes jobs from, and how many threads each has."""
        self._app, self._lanes, self._busy = app, lanes, busy
        self._id = new_id()
        self._counters = counters.Counters()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat. If the database is away, or has no such table yet, the next beat tries again."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and delete the row."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        is_well = True
        while not self._stopped.is_set():
            try:
                with self._app.app_context():
                    self._beat()
                is_well = True
            except Exception as error:  # whatever it is, the next beat tries again
                if is_well:
                    log.warning("worker.no_heartbeat", error=repr(error))
                is_well = False
            self._stopped.wait(BEAT_SECONDS)
        try:
            with self._app.app_context(), transaction() as session:
                self._counters.store(session)
                session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.id == self._id))
        except Exception as error:  # the worker looks dead for an hour
            log.warning("worker.heartbeat_left_behind", error=repr(error))

    def _beat(self) -> None:
        fresh = {"beat_at": database_now(), "busy": self._busy()}
        with transaction() as session:
            found = session.execute(
                update(WorkerHeartbeat)
                .where(WorkerHeartbeat.id == self._id)
                .values(fresh)
                .execution_options(synchronize_session=False)
            )
            if not found.rowcount:  # type: ignore[attr-defined]
                facts = {"host": socket.gethostname(), "pid": os.getpid(), "version": __version__}
                times = {"started_at": database_now(), "created_at": database_now()}
                able = {"threads": sum(self._lanes.values()), "lanes": list(self._lanes)}
                row = {"id": self._id, **able, **facts, **times, **fresh}
                session.execute(insert(WorkerHeartbeat).values(row))
            session.execute(
                delete(WorkerHeartbeat)
                .where(WorkerHeartbeat.beat_at < database_now(-_DELETED_AFTER))
                .execution_options(synchronize_session=False)
            )
            counted = self._counters.store(session)
        self._counters.confirm(counted)

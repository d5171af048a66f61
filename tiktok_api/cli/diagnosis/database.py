"""The database: whether it can be reached, its schema, and the workers and jobs that it shows."""

from collections.abc import Iterator

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api.cli.diagnosis.result import CheckResult
from tiktok_api.db import db, explain
from tiktok_api.db.search_indexes import missing_indexes
from tiktok_api.jobs import monitoring
from tiktok_api.schema import revisions
from tiktok_api.schema.revisions import SchemaState, Standing
from tiktok_api.settings import Settings

_MOST_NAMED = 5
_UPGRADE = "tiktok-api upgrade"


def check_database(_app: Flask, settings: Settings) -> Iterator[CheckResult]:
    kind = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    try:
        found = revisions.state()
        wrong = _wrong_tables() if found.is_current else []
    except SQLAlchemyError as error:
        hint = "look at DATABASE_URL: is the server there, and are user, password and database right?"
        if kind == "SQLite":
            hint = "look at DATABASE_URL: may this user read and write the file and its folder?"
        yield CheckResult("database", "failed", f"{kind} cannot be used: {explain(error)}", hint)
        return
    yield CheckResult("database", "ok", f"{kind} answers")
    if wrong:
        message = f"the tables are not those of revision {found.revision}: {'; '.join(wrong)}"
        yield CheckResult("schema", "failed", message, f"run: {_UPGRADE}, which says what to do")
        return
    yield _schema(found)
    if found.is_current:
        yield from _check_search()
        yield from _check_workers()


def _wrong_tables() -> list[str]:
    with db.engine.connect() as connection:
        return revisions.differences(connection)[:_MOST_NAMED]


def _schema(found: SchemaState) -> CheckResult:
    match found.standing:
        case Standing.CURRENT:
            return CheckResult("schema", "ok", f"at the newest revision, {found.head}")
        case Standing.EMPTY:
            return CheckResult("schema", "failed", "the database has no schema yet", f"run: {_UPGRADE}")
        case Standing.BEHIND:
            message = f"the schema is at revision {found.revision}, and this version needs {found.head}"
            return CheckResult("schema", "failed", message, f"run: {_UPGRADE}")
        case Standing.UNSTAMPED:
            message = "the database has tables but does not say of which revision"
            return CheckResult(
                "schema", "failed", message, "name an empty one in DATABASE_URL, or restore a copy that does"
            )
        case _:
            message = f"the schema is at revision {found.revision}, which this version does not know"
            return CheckResult(
                "schema", "failed", message, "run the version that upgraded it, or restore a copy from before"
            )


def _check_search() -> Iterator[CheckResult]:
    if missing := missing_indexes(db.engine):
        message = f"no search index for {', '.join(missing)}: to look for a word there reads every row"
        hint = f"run: {_UPGRADE}, which builds them, and says what keeps it from that"
        yield CheckResult("search", "warning", message, hint)


def _check_workers() -> Iterator[CheckResult]:
    """Nothing is published without a worker, but a server may be looked at before the first one is started."""
    workers, work = monitoring.check_workers(), monitoring.check_jobs()
    if problem := workers.get("problem"):
        has_died = workers["last_beat_seconds"] is not None  # one that was told to stop leaves no trace
        yield CheckResult(
            "workers", "failed" if has_died else "warning", problem, "start one or more: tiktok-api worker"
        )
    else:
        yield CheckResult(
            "workers", "ok", f"{workers['alive']} running, {workers['busy']} of {workers['threads']} threads busy"
        )
    if problem := work.get("problem"):
        yield CheckResult("jobs", "warning", problem, "run: tiktok-api jobs list, and tiktok-api jobs dead")
    else:
        yield CheckResult("jobs", "ok", "none is late, and none has failed for good")

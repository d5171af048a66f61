"""The checks of everything that this server needs, for `/readyz`."""

from typing import Any

from redis import Redis
from sqlalchemy import text

from tiktok_api.db import db
from tiktok_api.extensions import service
from tiktok_api.jobs import monitoring
from tiktok_api.schema import revisions
from tiktok_api.schema.revisions import Standing
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage
from tiktok_api.web import limits
from tiktok_api.web.limits.counts import REDIS_SECONDS
from tiktok_api.web.monitoring.health import Check

_SAYS = {
    Standing.EMPTY: "The database has no tables yet: run the upgrade.",
    Standing.BEHIND: "The database is behind this version: run the upgrade.",
    Standing.UNKNOWN: "The database is at a revision that this version does not know: run the version that upgraded it.",
    Standing.UNSTAMPED: "The database has tables but does not say of which revision; it cannot be upgraded.",
}


def check_database() -> None:
    """Raises if the database cannot be queried."""
    db.session.execute(text("select 1"))


def check_schema() -> dict[str, Any]:
    """Compares the database's revision with the newest of this code. Another one fails, as requests would."""
    found = revisions.state()
    facts = {"schema": found.standing, "revision": found.revision, "head": found.head}
    if found.is_current:
        return facts
    return facts | {"status": "failed" if found.is_of_another_version else "degraded", "problem": _SAYS[found.standing]}


def check_storage() -> None:
    """Raises if files cannot be written or read."""
    service(Storage).check()


def check_redis() -> dict[str, Any]:
    """Whether Redis answers, if one is configured. Without it each process counts limits for itself."""
    url = service(Settings).redis_url
    if not url:
        return {"configured": False}
    try:
        with Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS) as redis:
            redis.ping()
    except Exception as error:  # a wrong URL and a refused password are as bad as silence
        return {"configured": True, "status": "degraded", "problem": f"Redis does not answer: {type(error).__name__}."}
    return {"configured": True}


CHECKS: dict[str, Check] = {
    "database": check_database,
    "schema": check_schema,
    "workers": monitoring.check_workers,
    "jobs": monitoring.check_jobs,
    "storage": check_storage,
    "redis": check_redis,
    "limits": limits.check,
}

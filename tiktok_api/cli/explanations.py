"""Errors as sentences: what went wrong and what to do, for those that have a cause outside the program."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tiktok_api import db
from tiktok_api.cli.stack.settings import find_run
from tiktok_api.errors import Problem
from tiktok_api.schema import revisions
from tiktok_api.settings import SettingsInvalid
from tiktok_api.storage.errors import StorageError


def explain(error: Exception) -> str | None:
    """Returns a sentence or a paragraph, or None if only a traceback helps."""
    match error:
        case SettingsInvalid():
            is_local = not Path(".env").exists() and find_run() is not None
            hint = "\n`make run` keeps its settings for itself: to use those, say `tiktok-api --local …`."
            return f"{error}{hint if is_local else ''}"
        case Problem():
            return _explain_problem(error)
        case DBAPIError():
            return _explain_database(error)
        case StorageError():
            return f"The storage cannot be used: {error}"
        case OSError():
            return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
        case _:
            return None


def _explain_problem(problem: Problem) -> str:
    faults = problem.extra.get("errors") or []
    lines = [f"  {str(fault.get('pointer', '')).lstrip('/')}: {fault.get('message', '')}" for fault in faults]
    return "\n".join([problem.detail, *lines])


def _explain_database(error: DBAPIError) -> str:
    if revisions.is_about_schema(error):
        return (
            f"The database does not have this version's tables; run `tiktok-api upgrade` first. ({db.explain(error)})"
        )
    return f"The database cannot be used: {db.explain(error)}"

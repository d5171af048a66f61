"""Whether this machine can serve: every setting, and everything that the settings name, tried for a few seconds."""

import smtplib
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tiktok_api.app import create_app
from tiktok_api.auth.emails.mailer import SmtpMailer
from tiktok_api.db import db, explain
from tiktok_api.extensions import services_of
from tiktok_api.jobs import monitoring
from tiktok_api.schema import revisions
from tiktok_api.schema.revisions import SchemaState, Standing
from tiktok_api.settings import Settings, SettingsInvalid, load, rules
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import TikTokClient
from tiktok_api.tiktok.errors import TikTokBusy, TikTokError, TikTokUnreachable
from tiktok_api.tiktok.wire import Timeouts

PATIENCE_SECONDS = 15.0
"""For each check as a whole; they run side by side."""
_SILENCE_SECONDS = 4.0
_MOST_NAMED = 5
_UPGRADE = "tiktok-api upgrade"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: `status` is ok, warning or failed; `hint` says what to do."""

    name: str
    status: str
    message: str
    hint: str = ""


def diagnose() -> list[Finding]:
    """Everything that was looked at, in the order in which to mend it."""
    try:
        settings = load()
        app = create_app(settings.replace(log_level="CRITICAL"))  # what goes wrong is told in words, not in the log
    except SettingsInvalid as error:
        hint = "change it in .env or in the environment"
        return [Finding("settings", "failed", problem, hint) for problem in error.problems]
    return [*_settings(settings), *_side_by_side(app, settings)]


def is_well(findings: list[Finding]) -> bool:
    """Returns True if nothing has failed; warnings are allowed."""
    return all(finding.status != "failed" for finding in findings)


def as_document(findings: list[Finding]) -> dict[str, Any]:
    """The findings for programs."""
    return {"status": "ok" if is_well(findings) else "failed", "findings": [asdict(finding) for finding in findings]}


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", "ok", "complete and consistent")
    for remark in (*settings.remarks, *rules.doubts(settings)):
        yield Finding(
            "settings", "warning", remark, "change it in .env or in the environment, or leave it if it is meant"
        )


Check = Callable[[Flask, Settings], Iterator[Finding]]


def _side_by_side(app: Flask, settings: Settings) -> Iterator[Finding]:
    """Each check in a thread of its own, given up when it takes too long."""
    found: dict[str, list[Finding]] = {}

    def run(name: str, check: Check) -> None:
        with app.app_context():
            try:
                found[name] = list(check(app, settings))
            except Exception as error:  # a kind of trouble that the check does not expect is told all the same
                found[name] = [Finding(name, "failed", f"{type(error).__name__}: {_first_line(error)}")]

    threads = {name: threading.Thread(target=run, args=(name, check), daemon=True) for name, check in _CHECKS.items()}
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(PATIENCE_SECONDS)
        silent = Finding(name, "failed", f"no answer within {PATIENCE_SECONDS:.0f} s", "is the network in order?")
        yield from found.get(name, [silent])


def _database(_app: Flask, settings: Settings) -> Iterator[Finding]:
    kind = "SQLite" if settings.database_url.startswith("sqlite") else "PostgreSQL"
    try:
        found = revisions.state()
        wrong = _wrong_tables() if found.is_current else []
    except SQLAlchemyError as error:
        hint = "look at DATABASE_URL: is the server there, and are user, password and database right?"
        if kind == "SQLite":
            hint = "look at DATABASE_URL: may this user read and write the file and its folder?"
        yield Finding("database", "failed", f"{kind} cannot be used: {explain(error)}", hint)
        return
    yield Finding("database", "ok", f"{kind} answers")
    if wrong:
        message = f"the tables are not those of revision {found.revision}: {'; '.join(wrong)}"
        yield Finding("schema", "failed", message, f"run: {_UPGRADE}, which says what to do")
        return
    yield _schema(found)
    if found.is_current:
        yield from _work()


def _wrong_tables() -> list[str]:
    with db.engine.connect() as connection:
        return revisions.differences(connection)[:_MOST_NAMED]


def _schema(found: SchemaState) -> Finding:
    match found.standing:
        case Standing.CURRENT:
            return Finding("schema", "ok", f"at the newest revision, {found.head}")
        case Standing.EMPTY:
            return Finding("schema", "failed", "the database has no schema yet", f"run: {_UPGRADE}")
        case Standing.BEHIND:
            message = f"the schema is at revision {found.revision}, and this version needs {found.head}"
            return Finding("schema", "failed", message, f"run: {_UPGRADE}")
        case Standing.UNSTAMPED:
            message = "the database has tables but does not say of which revision"
            return Finding(
                "schema", "failed", message, "name an empty one in DATABASE_URL, or restore a copy that does"
            )
        case _:
            message = f"the schema is at revision {found.revision}, which this version does not know"
            return Finding(
                "schema", "failed", message, "run the version that upgraded it, or restore a copy from before"
            )


def _work() -> Iterator[Finding]:
    """Nothing is published without a worker, but a server may be looked at before the first one is started."""
    workers, work = monitoring.check_workers(), monitoring.check_jobs()
    if problem := workers.get("problem"):
        has_died = workers["last_beat_seconds"] is not None  # one that was told to stop leaves no trace
        yield Finding("workers", "failed" if has_died else "warning", problem, "start one or more: tiktok-api worker")
    else:
        yield Finding(
            "workers", "ok", f"{workers['alive']} running, {workers['busy']} of {workers['threads']} threads busy"
        )
    if problem := work.get("problem"):
        yield Finding("jobs", "warning", problem, "run: tiktok-api jobs list, and tiktok-api jobs dead")
    else:
        yield Finding("jobs", "ok", "none is late, and none has failed for good")


def _redis(_app: Flask, settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("redis", "ok", "not used: limits are counted in each process")
        return
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=_SILENCE_SECONDS, socket_connect_timeout=_SILENCE_SECONDS
        ) as client:
            client.ping()
    except redis.AuthenticationError:
        yield Finding("redis", "failed", "Redis refuses the user or the password", "correct REDIS_URL")
    except (redis.RedisError, OSError, TypeError, ValueError) as error:
        hint = "look at REDIS_URL: is the server there? Leave it empty to count limits in each process"
        yield Finding("redis", "failed", f"Redis cannot be reached: {_first_line(error)}", hint)
    else:
        yield Finding("redis", "ok", "Redis answers")


def _mail(_app: Flask, settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        yield _mail_folder(Path(unquote(parts.path)))
        return
    mailer = SmtpMailer(settings.mail_url, sender=settings.mail_from, timeout_seconds=_SILENCE_SECONDS)
    server = f"{parts.hostname}:{mailer.port}"
    try:
        mailer.check()
    except smtplib.SMTPAuthenticationError as error:
        message = f"{server} refuses the user or the password ({error.smtp_code})"
        yield Finding(
            "mail",
            "failed",
            message,
            "correct user and password in MAIL_URL; a password's @, : and / are %40, %3A, %2F",
        )
    except ssl.SSLError as error:
        message = f"no secure connection to {server}: {_first_line(error)}"
        yield Finding(
            "mail", "failed", message, "is its certificate valid for that name, and smtp or smtps right for that port?"
        )
    except (OSError, smtplib.SMTPException) as error:
        hint = "look at MAIL_URL: host, port, smtp or smtps, and whether a firewall is in between"
        yield Finding("mail", "failed", f"{server} cannot be used: {_first_line(error)}", hint)
    else:
        yield Finding("mail", "ok", f"{server} takes us in; nothing was sent")


def _mail_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"emails cannot be written to {folder}: {error.strerror}"
        return Finding("mail", "failed", message, "look at MAIL_URL: may this user write in that folder?")
    return Finding("mail", "ok", f"emails become files in {folder}")


def _storage(app: Flask, settings: Settings) -> Iterator[Finding]:
    storage = services_of(app)[Storage]
    is_s3 = settings.storage_url.startswith("s3:")
    probe = b"written by doctor"
    try:
        storage.check()
        if not is_s3 or _has_schema():  # S3's ledger of unfinished uploads is in the database
            key = storage.new_key()
            try:
                storage.put(key, probe)
                is_same = b"".join(storage.read(key, 0, len(probe) - 1)) == probe
            finally:
                storage.delete(key)
            if not is_same:
                yield Finding("storage", "failed", "what is read is not what was written", "look at STORAGE_URL")
                return
    except (StorageError, OSError) as error:
        hint = "look at STORAGE_URL: may this user write in that folder, and is there room?"
        if is_s3:
            hint = "look at STORAGE_URL, S3_ENDPOINT_URL and AWS_…: does the bucket exist, and may these credentials write, read and delete?"
        yield Finding("storage", "failed", f"media cannot be stored: {_first_line(error)}", hint)
    else:
        yield Finding("storage", "ok", f"{'S3' if is_s3 else 'the folder'} takes, gives back and deletes")


def _has_schema() -> bool:
    try:
        return revisions.state().is_current
    except SQLAlchemyError:
        return False


def _tiktok(_app: Flask, settings: Settings) -> Iterator[Finding]:
    client = TikTokClient(
        client_key=settings.tiktok_client_key,
        client_secret=settings.tiktok_client_secret,
        api_url=settings.tiktok_api_url,
        allow_http=settings.tiktok_allow_http,
        timeouts=Timeouts(connect=_SILENCE_SECONDS, read=2 * _SILENCE_SECONDS),
    )
    host = urlsplit(settings.tiktok_api_url).hostname
    try:
        client.check_app()
    except TikTokBusy:
        yield Finding("tiktok", "warning", f"{host} is busy and did not look at the key", "try again in a minute")
    except TikTokUnreachable as error:
        yield _unusable(error, str(host))
    except TikTokError as error:
        yield Finding(
            "tiktok",
            "failed",
            f"{host} refuses this app's key or secret: {error}",
            "copy TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET anew from developers.tiktok.com; sandbox and production differ",
        )
    else:
        yield Finding("tiktok", "ok", f"{host} takes the app's key")
    finally:
        client.close()


def _unusable(error: TikTokUnreachable, host: str) -> Finding:
    if error.http_status is None:
        hint = f"may this machine reach {host} by https? Is TIKTOK_API_URL right?"
        return Finding("tiktok", "failed", f"{host} cannot be reached: {error.message}", hint)
    if error.code or error.http_status >= 500:
        return Finding("tiktok", "failed", f"{host} has trouble of its own: {error}", "try again later")
    message = f"the answer of {host} is not TikTok's (HTTP {error.http_status})"
    return Finding("tiktok", "failed", message, "is TIKTOK_API_URL right, or does a proxy or a captive portal answer?")


_CHECKS: dict[str, Check] = {
    "database": _database,
    "redis": _redis,
    "mail": _mail,
    "storage": _storage,
    "tiktok": _tiktok,
}


def _first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, SQLAlchemyError):
        return explain(error)
    if isinstance(error, socket.gaierror):
        return "the name of the host is not known"
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]

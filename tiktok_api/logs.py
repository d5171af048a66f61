"""Logs: one JSON object a line, with the request's id and never a secret."""

import contextlib
import json
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|code_verifier|upload_url|api_key", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"""eyJ[\w-]+\.[\w-]+\.[\w-]+                      # JWT
    | \b(?:act|rft|clt)\.[\w!*.~-]+                    # TikTok's tokens
    | \btk_[\w-]+                                      # API keys
    | (?i:\b(?:bearer|basic)\s+)[^\s"',]+              # Authorization
    | (?<=://)[^\s/@"']*:[^\s/@"']+(?=@)               # the password in a URL
    | (?<![\w-])(?i:[\w-]*(?:token|code|signature|secret|password|credential|verifier|\bsig|_key)=)[^&\s"']+  # in a query
    """,
    re.VERBOSE,
)
HIDDEN = "[hidden]"


def redact(value: Any, name: str = "") -> Any:
    """`value` with everything that looks like a secret, by its name or its form, hidden."""
    if isinstance(value, dict):
        return {key: redact(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact(inner, name) for inner in value]
    if name and _SECRET_NAMES.search(name) and value not in (None, ""):
        return HIDDEN
    return _SECRET_VALUES.sub(HIDDEN, value) if isinstance(value, str) else value


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value, key) for key, value in event.items()}


class _ToStandardError(logging.Handler):
    """Writes to whatever standard error is at that moment: it may have been replaced or closed since we began.

    A line that cannot be written, because the disk is full or the reader is gone, is lost: no request fails of it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            sys.stderr.write((getattr(record, _READY, None) or self.format(record)) + "\n")


_READY = "ready_line"


def write(logger: logging.Logger, level: int, event: str, **facts: Any) -> None:
    """Log `event` as structlog would, at a fraction of its cost; for the one line that every request writes.

    The facts are not looked through for secrets: `redact` what a client can choose.
    """
    if not logger.isEnabledFor(level):
        return
    name, at = logging.getLevelName(level), datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = _to_json(facts | {"event": event, "level": name.lower(), "logger": logger.name, "timestamp": at})
    record = logging.LogRecord(logger.name, level, "", 0, line, None, None)
    setattr(record, _READY, line)
    logger.handle(record)


_FORGERS = {number: f"\\u{number:04x}" for number in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""What JSON need not escape, though terminals obey it or readers of lines take it for the end of one."""


def _to_json(event: Any, **_: Any) -> str:
    try:
        line = orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half of a surrogate pair, a whole number of more than 64 bits
        return json.dumps(event, default=repr)
    return line if line.isascii() and "\x7f" not in line else line.translate(_FORGERS)


def configure(level: str) -> None:
    """Send structlog's and the standard library's logs to standard error, as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _hide_secrets,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )
    handler = _ToStandardError()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(
        max(logging.WARNING, logging.getLevelName(level))
    )  # below that, libraries log bodies, headers and URLs
    for ours in ("tiktok_api", "gunicorn"):
        logging.getLogger(ours).setLevel(level)


def take_over() -> None:
    """Log what Python would print by itself too: warnings, and exceptions that nothing has caught."""
    logging.captureWarnings(capture=True)
    log = structlog.get_logger("tiktok_api")

    def on_exception(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("process.failed", exc_info=(kind, error, trace))

    def on_thread_exception(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log.critical("thread.failed", exc_info=(failed.exc_type, failed.exc_value, failed.exc_traceback))

    sys.excepthook, threading.excepthook = on_exception, on_thread_exception

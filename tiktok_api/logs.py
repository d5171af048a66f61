"""Logs: one JSON object a line, with the request's id and never a secret."""

import contextlib
import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from tiktok_api.redaction import redact


def _hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value, key) for key, value in event.items()}


class _ToStandardError(logging.Handler):
    """Writes to the present `sys.stderr`, which may have been replaced or closed since the start.

    A line that cannot be written (the disk is full, the reader is gone) is lost: no request fails because of it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            sys.stderr.write((getattr(record, _READY, None) or self.format(record)) + "\n")


_READY = "ready_line"


def write(logger: logging.Logger, level: int, event: str, **facts: Any) -> None:
    """Log `event` as structlog would, at a fraction of its cost; for the one line that every request writes.

    The facts are not searched for secrets: `redact` what a client can choose.
    """
    if not logger.isEnabledFor(level):
        return
    name, at = logging.getLevelName(level), datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = _to_json(facts | {"event": event, "level": name.lower(), "logger": logger.name, "timestamp": at})
    record = logging.LogRecord(logger.name, level, "", 0, line, None, None)
    setattr(record, _READY, line)
    logger.handle(record)


_FORGERS = {number: f"\\u{number:04x}" for number in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Characters that JSON need not escape, although terminals obey them or line readers take them for the end of a line."""


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
    # Below WARNING, libraries log bodies, headers and URLs.
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for ours in ("tiktok_api", "gunicorn"):
        logging.getLogger(ours).setLevel(level)


def take_over() -> None:
    """Log what Python would print by itself as well: warnings and uncaught exceptions."""
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

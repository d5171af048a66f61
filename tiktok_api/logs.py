"""Logs: one JSON object a line, with the request's id and never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

_SECRET_NAMES = re.compile(
    r"password|secret|token|authorization|cookie|code_verifier|upload_url|api_key", re.IGNORECASE
)
_SECRET_VALUES = re.compile(
    r"(eyJ[\w-]+\.[\w-]+\.[\w-]+|\b(?:act|rft|clt)\.[\w!*.~-]+|\btk_[\w-]+|(?:upload_token|code|token|signature)=[^&\s\"']+)"
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
    """Writes to whatever standard error is at that moment: it may have been replaced or closed since we began."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


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
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=repr).decode()),
        ],
    )
    handler = _ToStandardError()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("httpx2", "httpcore2", "urllib3", "alembic.runtime.migration"):  # they log whole URLs, tokens and all
        logging.getLogger(noisy).setLevel(logging.WARNING)

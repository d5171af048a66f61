"""gunicorn's configuration: `gunicorn --config python:tiktok_api.serving wsgi:app`.

One process with many threads by default, because limits and caches are then exact without Redis; with REDIS_URL and
PostgreSQL, WEB_CONCURRENCY may be as many processes as there are cores.
"""

import ctypes
import json
from typing import Any

from gunicorn import util

from tiktok_api.settings import load_or_exit

_settings = load_or_exit()  # before anything listens: a wrong setting ends gunicorn at once

bind = _settings.bind
workers = _settings.web_concurrency
threads = _settings.web_threads
worker_class = "gthread"
timeout = 120
graceful_timeout = 30
keepalive = 75  # nginx keeps its upstream connections for 60 s: ours must not be closed first
forwarded_allow_ips = ",".join(_settings.forwarded_allow_ips)
accesslog = None  # requests are logged by the application, as JSON and without secrets
control_socket_disable = True
limit_request_fields = 64
limit_request_field_size = 65536  # more than nginx lets through: a token too long to be one of ours is refused by us


def _write_problem(sock: Any, status: int, reason: str, detail: str) -> None:
    """What gunicorn refuses before the application sees it, as the problem document that every other error is."""
    code = reason.lower().replace(" ", "_")
    problem = {"type": f"/docs/problems#{code}", "title": reason, "status": status, "detail": detail or reason}
    body = json.dumps(problem | {"instance": "", "code": code, "request_id": ""})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode("latin-1"))


util.write_error = _write_problem  # gunicorn has no setting for it


_M_ARENA_MAX = -8  # malloc.h


def post_fork(_server: Any, _worker: Any) -> None:
    """Let glibc keep two heaps instead of one for each thread, which never shrink: eight uploads take 20 MB less."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have no such habit
        mallopt(_M_ARENA_MAX, 2)

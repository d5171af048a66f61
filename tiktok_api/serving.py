"""gunicorn's configuration: `gunicorn --config python:tiktok_api.serving wsgi:app`.

One process with many threads by default, because limits and caches are then exact without Redis; with REDIS_URL and
PostgreSQL, WEB_CONCURRENCY may be as many processes as there are cores.
"""

import ctypes
import os
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8080")
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("WEB_THREADS", "16"))
worker_class = "gthread"
timeout = 120
graceful_timeout = 30
keepalive = 75  # nginx keeps its upstream connections for 60 s: ours must not be closed first
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
accesslog = None  # requests are logged by the application, as JSON and without secrets
control_socket_disable = True

_M_ARENA_MAX = -8  # malloc.h


def post_fork(_server: Any, _worker: Any) -> None:
    """Let glibc keep two heaps instead of one for each thread, which never shrink: eight uploads take 20 MB less."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have no such habit
        mallopt(_M_ARENA_MAX, 2)

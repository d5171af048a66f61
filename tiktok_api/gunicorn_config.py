"""gunicorn's configuration: `gunicorn --config python:tiktok_api.gunicorn_config wsgi:app`.

One process with many threads by default, because limits and caches are then exact without Redis; with REDIS_URL and
PostgreSQL, WEB_CONCURRENCY may be as many processes as there are cores.

The master loads the application once and forks: processes share its memory, and one that dies is replaced at once. Nothing
that is shared may be open by then: connections, files and threads begin with the first request. After SIGHUP, new processes
have the settings of that moment; new code needs a new master (a restart, or SIGUSR2).
"""

import ctypes
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn import glogging, util

from tiktok_api import logs
from tiktok_api.process.loading import loading
from tiktok_api.process.privacy import keep_private
from tiktok_api.server import shares
from tiktok_api.settings import load_or_exit

keep_private()  # the processes that gunicorn forks are private as well
_settings = load_or_exit()  # before anything listens: a wrong setting ends gunicorn at once

bind = _settings.bind
workers = _settings.web_concurrency
threads = _settings.web_threads
worker_class = "tiktok_api.server.worker.GuardedWorker"
timeout = 120
graceful_timeout = 30
keepalive = 75  # nginx keeps its upstream connections for 60 s: ours must not be closed first
forwarded_allow_ips = ",".join(_settings.forwarded_allow_ips)
accesslog = None  # requests are logged by the application, as JSON and without secrets
loglevel = _settings.log_level.lower()
control_socket_disable = True
sendfile = False  # a file goes out in pieces like any other body, at the pace of server/paced_socket.py
forwarder_headers = ""  # by default any client on loopback would be believed about SCRIPT_NAME and PATH_INFO
limit_request_fields = 64
limit_request_field_size = 8190  # gunicorn's own bound; all headers together: tiktok_api/server/arrival.py


class logger_class(glogging.Logger):  # type: ignore[misc]  # noqa: N801  # gunicorn looks for a setting of that name
    """gunicorn's own lines as JSON on standard error, without anything that a client has sent."""

    def setup(self, cfg: Any) -> None:
        """Pass everything to the root logger, which `logs` has configured."""
        super().setup(cfg)
        level = logging.getLevelName(self.loglevel)
        logs.configure(level)
        logs.take_over()
        for log in (self.error_log, self.access_log):
            log.handlers, log.propagate = [], True

    def warning(self, msg: Any, *args: Any, **more: Any) -> None:
        """Log without quoted parts: a request line or a header that is not HTTP may hold a secret."""
        super().warning(re.sub(r"""b?['"].*""", "[hidden]", str(msg), flags=re.DOTALL), *args, **more)

    def exception(self, msg: Any, *args: Any, **more: Any) -> None:
        """Log without the URL of the request."""
        if str(msg).startswith("Error handling request"):
            msg, args = "Error handling request", ()
        super().exception(msg, *args, **more)


def _write_problem(sock: Any, status: int, reason: str, detail: str) -> None:
    """Write gunicorn's own refusals as problem documents, like every other error."""
    code = reason.lower().replace(" ", "_")
    problem = {"type": f"/docs/problems#{code}", "title": reason, "status": status, "detail": detail or reason}
    body = json.dumps(problem | {"instance": "", "code": code, "request_id": ""})
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode("latin-1"))


util.write_error = _write_problem  # gunicorn has no setting for it


_METRICS, _METRICS_PREFIX = "PROMETHEUS_MULTIPROC_DIR", "tiktok-api-metrics-"
"""As in `metrics`, which must not be imported before the folder is there."""
_M_ARENA_MAX = -8  # malloc.h


def pre_fork(_server: Any, _worker: Any) -> None:
    """Make the folder of the counters again if something has cleaned it away: no process could count without it."""
    Path(os.environ[_METRICS]).mkdir(mode=0o700, parents=True, exist_ok=True)


def post_fork(_server: Any, _worker: Any) -> None:
    """Limit glibc to two heaps instead of one for each thread, since heaps never shrink: eight uploads take 20 MB less."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries do not need it
        mallopt(_M_ARENA_MAX, 2)


def on_starting(server: Any) -> None:
    """Make the folder of the counters, then load the application, whose `metrics` look for it when they are imported.

    gunicorn's own `preload_app` would load it before there is a folder.
    """
    _make_folder()
    try:
        _load(server.app)
    except BaseException:
        on_exit(server)
        raise


def on_reload(server: Any) -> None:
    """Compose the application anew, for the processes that come; those that run keep theirs, and all do if it fails."""
    before, server.app.callable = server.app.callable, None
    sys.modules.pop("wsgi", None)  # it keeps what it has made
    try:
        _load(server.app)
    except SystemExit:  # which has said what is wrong
        server.app.callable = before
    except Exception:
        server.log.exception("The settings cannot be taken; nothing has changed")
        server.app.callable = before


def _load(app: Any) -> None:
    with loading():
        app.wsgi()


def _make_folder() -> None:
    """Make it in PROMETHEUS_MULTIPROC_DIR, else in the temporary folder. Folders of killed masters are removed."""
    parent = Path(os.environ.get(_METRICS) or tempfile.gettempdir())
    if parent.name.startswith(_METRICS_PREFIX):  # another master's, which is starting us in its place
        parent = parent.parent
    for folder in parent.glob(f"{_METRICS_PREFIX}*"):
        pid = folder.name.removeprefix(_METRICS_PREFIX).partition("-")[0]
        if pid == str(os.getpid()) or (pid.isdigit() and not _is_alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)
    parent.mkdir(parents=True, exist_ok=True)
    os.environ[_METRICS] = tempfile.mkdtemp(prefix=f"{_METRICS_PREFIX}{os.getpid()}-", dir=parent)


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the counts of an ended process, and delete its files."""
    shares.forget(worker.age)
    from tiktok_api.metrics import exposition  # not before the folder is there

    with suppress(OSError):
        exposition.forget_process(os.environ[_METRICS], worker.pid)


def on_exit(_server: Any) -> None:
    """Remove the folder."""
    shutil.rmtree(os.environ[_METRICS], ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True

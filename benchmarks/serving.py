"""Processes to measure: gunicorn with our application or another one, and the servers that it needs."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
import requests
from redis import Redis

from tests.servers import free_port, postgresql, redis, wait_until
from tiktok_api.cli.stack.settings import local_environment
from tiktok_api.settings import Settings, load

ROOT = Path(__file__).resolve().parents[1]
OURS = ("--config", "python:tiktok_api.gunicorn_config", "tiktok_api.app:create_app_or_exit()")


@dataclass(frozen=True)
class Backends:
    """PostgreSQL and a Redis-protocol server, and the ids of their processes."""

    database_url: str
    redis_url: str
    pids: tuple[int, int]


@contextmanager
def backends() -> Iterator[Backends]:
    """Start both on free ports, for the while."""
    with ExitStack() as stack:
        database_url, redis_url = stack.enter_context(postgresql()), stack.enter_context(redis())
        with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
            [(folder,)] = connection.execute("show data_directory")
        master = int((Path(str(folder)) / "postmaster.pid").read_text().split()[0])
        with Redis.from_url(redis_url) as client:
            yield Backends(database_url, redis_url, (master, int(client.info("server")["process_id"])))


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process of ours, whose files are in `folder`; limits are counted, and never reached."""
    chosen = local_environment(api_url="http://127.0.0.1:8080", simulator_url=None, instance=folder / "instance")
    limits = {"RATE_LIMIT_PER_MINUTE": "1000000", "UPLOAD_MEBIBYTES_PER_MINUTE": "1000000000"}
    return {**os.environ, **chosen, **limits, "LOG_LEVEL": "WARNING", **more}


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of a process with this environment."""
    with patch.dict(os.environ, environment):
        return load(env_file=None)


@contextmanager
def gunicorn(*arguments: str, environment: Mapping[str, str], is_up: str = "/livez") -> Iterator[tuple[str, int]]:
    """Yields the URL and the id of the master, once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", *arguments, "--bind", f"127.0.0.1:{port}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or _answers(url + is_up), seconds=90, every=0.02)
            if process.poll() is not None:
                log.seek(0)
                raise SystemExit(f"gunicorn did not start:\n{log.read().decode()[-2000:]}")
            yield url, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).status_code < 500
    except requests.RequestException:
        return False

"""Settings for this machine: secrets made once in `instance/`, SQLite, local files, the simulator as TikTok."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tiktok_api.settings import Settings, load
from tiktok_api.settings.rules import SIMULATED_CLIENT_SECRET

INSTANCE = Path("instance")
SIMULATED_CLIENT_KEY = "awsimclient0001"

PLACES = (INSTANCE, INSTANCE / "demo")
"""The folders of `make run` and `make demo`."""
LOCK, NOTES = "run.lock", "run.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A stack on this machine: its URLs, its processes by name, and its settings."""

    api_url: str
    simulator_url: str | None
    environment: Mapping[str, str]
    pid: int
    processes: Mapping[str, int]

    def save(self, instance: Path) -> None:
        """Write it to a file that only its owner can read; `find_run` is the only reader."""
        draft = instance / f"{NOTES}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(asdict(self), out, indent=2)
        draft.replace(instance / NOTES)

    @classmethod
    def load(cls, instance: Path) -> "Run | None":
        """Read what was written last. Returns None if there is nothing to read."""
        try:
            return cls(**json.loads((instance / NOTES).read_text()))
        except (OSError, ValueError, TypeError):
            return None


def is_running(instance: Path) -> bool:
    """Returns True if a stack holds this folder's lock."""
    try:
        with (instance / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def find_run() -> Run | None:
    """The running stack of this folder, else the last one. Returns None if there was none."""
    found = [(is_running(place), run) for place in PLACES if (run := Run.load(place)) is not None]
    running = [run for is_up, run in found if is_up]
    return next(iter([*running, *(run for _, run in found)]), None)


def make_secrets(instance: Path = INSTANCE) -> Path:
    """The file with this machine's secrets, made on first use and readable by its owner alone."""
    instance.mkdir(parents=True, exist_ok=True)
    file = instance / "secrets.env"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(f"SECRET_KEY={secrets.token_urlsafe(48)}\n")
    return file


def local_environment(*, api_url: str, simulator_url: str | None, instance: Path = INSTANCE) -> dict[str, str]:
    """The environment in which API and worker talk to a simulator on this machine, or without one to another TikTok."""
    secret = make_secrets(instance).read_text().partition("=")[2].strip()
    root = instance.resolve()
    simulated = {}
    if simulator_url is not None:
        simulated = {"TIKTOK_API_URL": simulator_url, "TIKTOK_AUTHORIZE_URL": f"{simulator_url}/v2/auth/authorize/"}
    return simulated | {
        "SECRET_KEY": secret,
        "DATABASE_URL": f"sqlite:///{root}/tiktok_api.sqlite3",
        "STORAGE_URL": f"file://{root}/media",
        "MAIL_URL": f"file://{root}/mail",
        "PUBLIC_URL": api_url,
        "TIKTOK_CLIENT_KEY": SIMULATED_CLIENT_KEY,
        "TIKTOK_CLIENT_SECRET": SIMULATED_CLIENT_SECRET,
        "TIKTOK_APP_TYPE": "desktop",
        "TIKTOK_ALLOW_HTTP": "true",
        "OUTBOUND_ALLOW_HTTP": "true",
        "OUTBOUND_NETWORKS": "127.0.0.0/8,::1/128",
        "ALLOW_TEST_CLOCK": "true",
    }


def local_settings(**changes: Any) -> Settings:
    """Settings for a command that needs an application but no server."""
    values = local_environment(api_url="http://127.0.0.1:8080", simulator_url="http://127.0.0.1:8090")
    for name, value in (values | {key.upper(): str(value) for key, value in changes.items()}).items():
        os.environ[name] = value
    return load(env_file=None)

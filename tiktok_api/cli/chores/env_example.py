"""`make env-example`: write `.env.example` from the declarations of the settings."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tiktok_api.settings import Settings
from tiktok_api.settings.rules import allowed

FILE = Path(__file__).parents[3] / ".env.example"

_HEAD = """\
# Copy to .env and fill in what is required. Every setting with its default and its meaning; `make doctor` checks them all.
# API, worker and every command read the file in their working directory. The environment wins over the file, and a blank
# value in either is not set. Written from tiktok_api/settings/declarations.py by `make env-example`.
"""

TOPICS = {
    "secret_key": "Required.",
    "database_url": "Addresses.",
    "tiktok_scopes": "TikTok.",
    "jwt_keys": "Keys.",
    "registration": "Access.",
    "mail_url": "Mail.",
    "worker_threads": "Jobs.",
    "media_max_bytes": "Media.",
    "outbound_allow_http": "Imports from URLs that clients name: by default from public addresses only, by https on port 443.",
    "bind": "gunicorn.",
    "audit_days": "Operation.",
}
"""The heading of each topic, by the first setting of it."""

_TAIL = """\
# For boto3, where STORAGE_URL is s3://…: copied to the environment of API and worker, as is any other AWS_….
# AWS_ACCESS_KEY_ID=
# AWS_SECRET_ACCESS_KEY=
# AWS_DEFAULT_REGION=
# For prometheus-client: the folder of the counters of gunicorn's processes; by default the temporary folder.
# PROMETHEUS_MULTIPROC_DIR=/run/tiktok-api
"""


def text() -> str:
    """The whole file."""
    return _HEAD + "".join(_lines()) + "\n" + _TAIL


def _lines() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if name in TOPICS:
            yield f"\n# {TOPICS[name]}\n"
        yield "".join(f"# {line}\n" for line in _meaning(field))
        yield f"{name.upper()}={_default(field)}\n"


def _meaning(field: FieldInfo) -> Iterator[str]:
    """The meaning in lines of at most 120 characters, with the choices if there are any."""
    choices = f" ({allowed(field)})" if get_origin(field.annotation) is Literal else ""
    for line in f"{field.description}{choices}".split("\n"):
        yield from wrap(line, 120, break_long_words=False, break_on_hyphens=False)


def _default(field: FieldInfo) -> str:
    """The default as the file writes it; blank if it is computed or there is none."""
    default: Any = field.default
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) and default < 100_000 else str(default)


def main() -> int:
    """Write the file, or print it with `-`."""
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(text())
    else:
        FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

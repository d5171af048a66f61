"""`make migration MESSAGE=…` writes the difference between models and newest migration; `make land` freezes revisions.

A landed revision is never edited: databases were made by it. Its checksum is in `migrations/landed.txt`.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from flask_migrate import Migrate, migrate, upgrade

from tiktok_api.app import create_app
from tiktok_api.cli.stack.settings import local_settings
from tiktok_api.db import db

MIGRATIONS = Path("migrations")
_HEAD = """\
# The revisions that have landed, with the SHA-256 of each file: written by `make land`, never by hand.
# A landed revision is not edited any more; what it should have done is a new revision.
"""


def checksum(file: Path) -> str:
    """The SHA-256 of a revision, as in `landed.txt`."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def landed(folder: Path = MIGRATIONS) -> dict[str, str]:
    """The checksum of each landed revision by the name of its file."""
    file = folder / "landed.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    entries = [line.split("  ", 1) for line in lines if line and not line.startswith("#")]
    return {name: found for found, name in entries}


def land(folder: Path = MIGRATIONS) -> list[str]:
    """Add every revision that is not in the list yet. Returns the problems of listed ones; if there are any, adds nothing."""
    known = landed(folder)
    there = {file.name: checksum(file) for file in sorted((folder / "versions").glob("*.py"))}
    problems = [f"{name} has landed and is gone" for name in known.keys() - there.keys()]
    problems += [
        f"{name} was edited after it had landed" for name in known if known[name] != there.get(name, known[name])
    ]
    if not problems:
        lines = [f"{found}  {name}\n" for name, found in (known | there).items()]
        (folder / "landed.txt").write_text(_HEAD + "".join(lines))
    return problems


def write(message: str) -> None:
    """Compare the models with a scratch database at the newest migration."""
    with tempfile.TemporaryDirectory() as scratch:
        app = create_app(local_settings(database_url=f"sqlite:///{Path(scratch) / 'scratch.sqlite3'}"))
        Migrate(app, db, directory=str(MIGRATIONS))
        with app.app_context():
            upgrade()
            migrate(message=message)


def main() -> int:
    """Write a migration, or land those that are written. Returns 1 if a landed one was edited."""
    parser = argparse.ArgumentParser("python -m tiktok_api.cli.chores.migration")
    parser.add_argument("message", nargs="?", default="change")
    parser.add_argument("--land", action="store_true", help="freeze the revisions that are written")
    arguments = parser.parse_args()
    if not arguments.land:
        write(arguments.message or "change")
        return 0
    problems = land()
    for problem in problems:
        sys.stderr.write(f"{problem}: put it back as it was, and write a new revision.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""The files that this server keeps: whether other users of the machine can read or change them."""

import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import Flask
from sqlalchemy import make_url

from tiktok_api.cli.diagnosis.result import CheckResult
from tiktok_api.settings import Settings

_MOST_LOOKED_AT = 1000
_GROUP, _OTHERS = 0o070, 0o007


def check_files(_app: Flask, settings: Settings) -> Iterator[CheckResult]:
    open_ones = [*_open_files(settings), *_open_folders(settings)]
    for path, private in open_ones:
        mode = stat.S_IMODE(path.stat().st_mode)
        message = f"{path} is open to other users of this machine ({mode:04o})"
        yield CheckResult("files", "warning", message, f"run: chmod {private:o} '{path}'")
    if settings.x_accel_prefix and (closed := _closed_to_nginx(settings)):
        message = f"nginx is to hand out the files, but their group may not read {closed}"
        yield CheckResult("files", "warning", message, f"run: chmod -R g+rX '{_folder(settings.storage_url)}'")
    elif not open_ones:
        yield CheckResult("files", "ok", "what is kept on this machine can be read by its user alone")


def _open_files(settings: Settings) -> Iterator[tuple[Path, int]]:
    """The database and the file of settings, each with the mode that it should have."""
    yield from ((path, 0o600) for path in [*_database(settings), Path(".env")] if _allows(path, _GROUP | _OTHERS))


def _open_folders(settings: Settings) -> Iterator[tuple[Path, int]]:
    """Folders in which others may look or write; a group may look into the media where nginx hands them out."""
    media, mails = _folder(settings.storage_url), _folder(settings.mail_url)
    kept = [(folder, 0o700) for folder in (mails, *{path.parent for path in _database(settings)}) if folder]
    if media:
        kept.append((media, 0o750 if settings.x_accel_prefix else 0o700))
    yield from ((folder, private) for folder, private in kept if _allows(folder, _OTHERS))


def _database(settings: Settings) -> list[Path]:
    name = make_url(settings.database_url).database or ""
    if not settings.database_url.startswith("sqlite") or name.startswith("file:"):
        return []
    return [Path(name + suffix) for suffix in ("", "-wal", "-shm")]


def _folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _allows(path: Path, bits: int) -> bool:
    return path.exists() and bool(path.stat().st_mode & bits)


def _closed_to_nginx(settings: Settings) -> Path | None:
    """A folder or file of the media that nginx's group may not read: made before nginx was to hand them out."""
    root = _folder(settings.storage_url)
    if root is None or not root.exists():
        return None
    kept = [root, *islice(root.glob("??/**/*"), _MOST_LOOKED_AT)]
    return next((path for path in kept if not _allows(path, 0o040)), None)

"""The data of the time zones where `zoneinfo` finds them: the version of the whole, and zones as they are now.

The system's folders come first, then the package `tzdata`. Their data have no version that can be relied on, and a process that
has used a zone keeps its rules: so the files themselves are looked at.
"""

import hashlib
import zoneinfo
from importlib import resources
from pathlib import Path

_UNKNOWN = b""


def find_version() -> str:
    """Returns a digest of the rules of every zone: it changes whenever any of them does."""
    digest = hashlib.sha256()
    for name in sorted(zoneinfo.available_timezones()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(_data_of(name)).digest())
    return digest.hexdigest()


def _data_of(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        file = Path(folder, name)
        if file.is_file():
            return file.read_bytes()
    file_of_package = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    return file_of_package.read_bytes() if file_of_package.is_file() else _UNKNOWN


def read_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Returns a zone with the rules that its file has now; None if there is none of this name any more."""
    try:
        return zoneinfo.ZoneInfo.no_cache(name)
    except zoneinfo.ZoneInfoNotFoundError:
        return None

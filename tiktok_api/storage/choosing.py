"""Which storage an operator asked for."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from tiktok_api.storage.local import LocalStorage
from tiktok_api.storage.port import Storage


def storage_from_url(url: str) -> Storage:
    """The storage behind `STORAGE_URL`: `file:///a/folder`, made if it is not there yet.

    Raises ValueError for any other address.
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.path in ("", "/"):
        raise ValueError(f"STORAGE_URL must look like file:///a/folder, not {url!r}")
    root = Path(unquote(parts.path))
    root.mkdir(parents=True, exist_ok=True, mode=0o750)
    return LocalStorage(root)

"""Makes the storage that `STORAGE_URL` names."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tiktok_api.storage.local import LocalStorage
from tiktok_api.storage.port import Storage
from tiktok_api.storage.s3.upload_state import UploadStates

_S3_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?(?P<prefix>[A-Za-z0-9!_.*'()/-]*)")


def storage_from_url(
    url: str,
    *,
    endpoint_url: str | None = None,
    public_endpoint_url: str | None = None,
    link_seconds: int = 0,
    lease: timedelta = timedelta(seconds=15),
    is_shared: bool = False,
) -> Storage:
    """Returns the storage for `STORAGE_URL`: `file:///a/folder` (created if it is missing) or `s3://bucket/prefix`.

    `is_shared` lets the group of this process read the files. The other parameters are for S3: `endpoint_url` where it is not
    Amazon's, `public_endpoint_url` where clients reach it under another one, `link_seconds` the lifetime of signed URLs (0:
    none are made), `lease` the time after which a silent writer loses its lock. Raises ValueError for any other URL.
    """
    if found := _S3_URL.fullmatch(url):
        # boto3 takes half a second and 30 MB to import, and only this needs it.
        from tiktok_api.storage.s3.bucket import Bucket
        from tiktok_api.storage.s3.storage import S3Storage

        prefix = "".join(f"{folder}/" for folder in found["prefix"].split("/") if folder)
        bucket = Bucket(found["bucket"], prefix, endpoint_url=endpoint_url, public_endpoint_url=public_endpoint_url)
        return S3Storage(bucket, UploadStates(lease), link_seconds=link_seconds)
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.path in ("", "/"):
        raise ValueError(f"STORAGE_URL must look like file:///a/folder or s3://bucket/prefix, not {url!r}")
    root = Path(unquote(parts.path))
    if not root.exists():
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        root.chmod(0o750 if is_shared else 0o700)
    return LocalStorage(root, is_shared=is_shared)

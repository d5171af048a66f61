"""Local storage: open files, planted links, full disks and wrong addresses."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tiktok_api.storage.errors import StorageError, StorageFull
from tiktok_api.storage.factory import storage_from_url


def put(storage, content):
    key = storage.new_key()
    storage.put(key, content)
    return key


def test_a_half_read_content_leaves_no_file_open(storage):
    key = put(storage, b"0123456789")
    before = len(list(Path("/proc/self/fd").iterdir()))

    reader = storage.read(key, 0, 9)
    del reader

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_planted_symbolic_link_is_not_followed(storage, root, tmp_path):
    key = put(storage, b"x")
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = root / key[:2] / key[2:4] / key
    path.unlink()
    path.symlink_to(secret)

    with pytest.raises(OSError, match="symbolic"):
        storage.read(key, 0, 5)


def test_a_storage_whose_folder_became_a_file_says_so(tmp_path):
    storage = storage_from_url((tmp_path / "media").as_uri())
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_bytes(b"")

    with pytest.raises(StorageError):
        storage.check()


@pytest.mark.parametrize("url", ["", "file://", "file:///", "file://host/folder", "ftp://host/folder", "/folder"])
def test_an_address_that_names_no_storage_is_refused(url):
    with pytest.raises(ValueError, match="STORAGE_URL"):
        storage_from_url(url)


def test_a_full_disk_keeps_what_was_flushed(root, storage):
    """RLIMIT_FSIZE stands in for the disk: writing beyond it fails just as suddenly, in the middle of a piece."""
    key = storage.new_key()
    storage.create(key)
    script = textwrap.dedent(f"""
        import resource, signal
        from tiktok_api.storage.factory import storage_from_url
        from tiktok_api.storage.errors import StorageFull
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with storage_from_url({root.as_uri()!r}).append({key!r}) as writer:
            writer.write(b"x" * 600)
            writer.flush()
            try:
                writer.write(b"y" * 600)
            except {StorageFull.__name__}:
                print(writer.flush())
    """)

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert answer.stdout == b"1000\n"
    assert b"".join(storage.read(key, 0, 1999)) == b"x" * 600 + b"y" * 400

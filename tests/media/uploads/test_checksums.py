"""Upload-Checksum"""

import hashlib

import pytest

from tests.media import sample_media
from tests.media.tus_client import BYTES, Breaking, checksum, create
from tests.storages import on_each_storage

pytestmark = on_each_storage


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_bytes_with_the_announced_checksum_are_taken(upload, algorithm):
    begun = upload(10)
    begun.send(b"01234", headers=checksum(algorithm, b"01234"))

    response = begun.send(b"56789", offset=5, headers=checksum(algorithm, b"56789"))

    assert response.status_code == 204
    assert begun.offset == 10


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_bytes_with_another_checksum_are_dropped(upload, owner, algorithm):
    begun = upload(10)
    begun.send(b"01234")

    response = begun.send(b"5678X", offset=5, headers=checksum(algorithm, b"56789"))

    assert response.status_code == 460
    assert response.json["code"] == "checksum_mismatch"
    assert begun.offset == 5
    assert owner.get(begun.path).json["status"] == "uploading"


def test_bytes_cut_off_before_they_could_be_checked_are_dropped(upload):
    begun = upload(10)
    whole = checksum("sha1", b"0123456789")

    begun.send(input_stream=Breaking(b"01234", 10, ConnectionResetError), headers=whole)

    assert begun.offset == 0
    assert begun.send(b"0123456789", headers=whole).status_code == 204


def test_the_first_bytes_that_come_along_are_checked_too(owner):
    good = create(owner, 5, headers=BYTES | checksum("sha1", b"01234"), data=b"01234")
    bad = create(owner, 5, headers=BYTES | checksum("sha1", b"other"), data=b"01234")

    assert (good.status_code, bad.status_code) == (201, 460)


@pytest.mark.parametrize("header", ["crc32 AAAA", "sha1", "sha1 !!", "sha1 AAAA", "SHA1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="])
def test_a_checksum_that_cannot_be_one_is_refused(upload, header):
    begun = upload(5)

    response = begun.send(b"01234", headers={"Upload-Checksum": header})

    assert response.status_code == 400
    assert begun.offset == 0


def test_the_checksum_of_the_last_piece_is_not_taken_for_that_of_the_file(upload, owner, make_media, run_jobs):
    content = sample_media.photo()
    make_media(content[1000:], name="nothing but the last piece.jpg")
    begun = upload(len(content))
    begun.send(content[:1000])

    begun.send(content[1000:], offset=1000, headers=checksum("sha256", content[1000:]))
    run_jobs()

    media = owner.get(f"/media/{begun.id}").json
    assert media["sha256"] == hashlib.sha256(content).hexdigest()
    assert (media["status"], media["duplicate_of"]) == ("ready", None)
    assert owner.get(f"/media/{begun.id}/content").data == content

"""A file that arrived in pieces has its hash at its end, unread; and whatever happens on the way, never another one."""

import hashlib
import random

import pytest

from tests.media import sample_media
from tests.media.small_disk import SmallDisk
from tests.media.tus_client import Breaking, Upload, checksum
from tests.storages import on_each_storage
from tiktok_api.extensions import services_of
from tiktok_api.media.uploads.kept_hashes import KeptHashes
from tiktok_api.storage.port import Storage

CONTENT = random.Random(7).randbytes(9000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def begun(upload) -> Upload:
    return upload(len(CONTENT))


@pytest.fixture
def other_server(make_app, simulator_urls, owner):
    """The owner as a second process with the same database and storage serves them."""
    person = owner.elsewhere()
    person.client = make_app(**simulator_urls).test_client()
    return person


@pytest.fixture
def small_disk(app, tmp_path) -> SmallDisk:
    disk = services_of(app)[Storage] = SmallDisk(tmp_path / "media", 5000)
    disk.is_honest = False
    return disk


def known_hash(upload: Upload) -> str | None:
    """Returns what is known before inspection."""
    media = upload.person.get(f"/media/{upload.id}").json
    assert media["status"] == "inspecting"
    return media["sha256"]


def send(upload: Upload, first: int, last: int, **options):
    return upload.send(CONTENT[first:last], offset=first, **options)


@on_each_storage
def test_the_hash_is_carried_over_pieces(begun):
    for first, last in ((0, 4000), (4000, 4001), (4001, 9000)):
        assert send(begun, first, last).status_code == 204

    assert known_hash(begun) == DIGEST


@on_each_storage
def test_it_is_carried_over_a_broken_connection(begun):
    begun.send(input_stream=Breaking(CONTENT[:5000], 9000, ConnectionResetError))

    send(begun, 5000, 9000)

    assert known_hash(begun) == DIGEST


def test_it_is_carried_over_empty_pieces(begun):
    for first, last in ((0, 0), (0, 5000), (5000, 5000), (5000, 9000)):
        send(begun, first, last)

    assert known_hash(begun) == DIGEST


def test_bytes_that_were_dropped_are_no_part_of_it(begun):
    send(begun, 0, 4000)
    refused = begun.send(b"x" * 3000, offset=4000, headers=checksum("sha256", b"y"))
    send(begun, 4000, 9000, headers=checksum("sha256", CONTENT[4000:]))

    assert refused.status_code == 460
    assert known_hash(begun) == DIGEST


def test_a_late_length_ends_it(upload):
    begun = upload(None)
    send(begun, 0, 4000)
    send(begun, 4000, 9000)

    begun.send(offset=9000, headers={"Upload-Length": "9000"})

    assert known_hash(begun) == DIGEST


@on_each_storage
def test_what_another_process_received_has_inspection_read_the_file(begun, other_server, owner, run_jobs):
    elsewhere = Upload(other_server, begun.path)
    send(begun, 0, 3000)
    send(elsewhere, 3000, 6000)
    send(begun, 6000, 9000)

    known = known_hash(begun)
    run_jobs()

    assert known is None
    assert owner.get(f"/media/{begun.id}").json["sha256"] == DIGEST


def test_a_process_that_comes_back_to_where_it_stood_continues(begun, other_server):
    elsewhere = Upload(other_server, begun.path)
    send(begun, 0, 3000)
    refused = elsewhere.send(b"x" * 3000, offset=3000, headers=checksum("sha256", b"y"))

    send(begun, 3000, 9000)

    assert refused.status_code == 460
    assert known_hash(begun) == DIGEST


def test_a_restarted_server_has_inspection_read_the_file(begun, other_server, owner, run_jobs):
    send(begun, 0, 3000)
    send(Upload(other_server, begun.path), 3000, 9000)

    known = known_hash(begun)
    run_jobs()

    assert known is None
    assert owner.get(f"/media/{begun.id}").json["sha256"] == DIGEST


@pytest.mark.parametrize("first_piece", [0, 5000], ids=["a part fitted", "nothing fitted"])
def test_a_piece_that_did_not_fit_is_not_taken_for_hashed(small_disk, begun, run_jobs, first_piece):
    send(begun, 0, first_piece)

    refused = send(begun, first_piece, 9000)
    small_disk.capacity = 90_000
    send(begun, 5000, 9000)
    known = known_hash(begun)
    run_jobs()

    assert refused.status_code == 507
    assert known is None
    assert begun.person.get(f"/media/{begun.id}").json["sha256"] == DIGEST


@pytest.mark.parametrize("seed", range(8))
def test_no_order_of_accidents_leads_to_another_hash(begun, other_server, owner, run_jobs, seed):
    chance = random.Random(seed)
    elsewhere = Upload(other_server, begun.path)

    while (at := begun.offset) < 9000:
        through, last = chance.choice([begun, begun, begun, elsewhere]), chance.randint(at, min(9000, at + 3000))
        accident = chance.choice(["none", "none", "cut", "wrong checksum", "wrong offset"])
        if accident == "cut":
            through.send(input_stream=Breaking(CONTENT[at:last], 9000 - at, None), offset=at)
        elif accident == "wrong checksum":
            through.send(b"x" * 100, offset=at, headers=checksum("sha256", b"y"))
        elif accident == "wrong offset":
            through.send(b"x" * 100, offset=at + 1)
        else:
            send(through, at, last)

    known = known_hash(begun)
    run_jobs()
    assert known in (None, DIGEST)
    assert owner.get(f"/media/{begun.id}").json["sha256"] == DIGEST


def test_content_that_is_known_is_recognised_without_inspection(upload, make_media, owner):
    content = sample_media.video()
    original = make_media(content)
    begun = upload(len(content))

    begun.send(content[:20_000])
    begun.send(content[20_000:], offset=20_000)

    media = owner.get(f"/media/{begun.id}").json
    assert (media["status"], media["duplicate_of"]) == ("ready", original["id"])


def test_the_oldest_hashes_are_forgotten_when_there_are_too_many():
    kept = KeptHashes(most=2)
    for key in ("first", "second", "first", "third"):
        kept.keep(key, 1, hashlib.sha256(b"x"))

    assert [key for key in ("first", "second", "third") if kept.resume(key, 1) is not None] == ["first", "third"]


def test_a_hash_that_was_kept_too_long_is_forgotten():
    kept = KeptHashes(seconds=-1.0)
    kept.keep("key", 1, hashlib.sha256(b"x"))

    assert kept.resume("key", 1) is None


def test_continuing_a_hash_does_not_change_what_was_kept():
    kept = KeptHashes()
    kept.keep("key", 1, hashlib.sha256(b"x"))

    kept.resume("key", 1).update(b"y")

    assert kept.resume("key", 1).digest() == hashlib.sha256(b"x").digest()
    assert kept.resume("key", 2) is None

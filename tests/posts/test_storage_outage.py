"""S3 that stops answering while a post goes out: the post waits, and goes out once and whole."""

import hashlib
from itertools import islice

import pytest

from tests.storage.fragile import FragileBucket
from tests.storages import on_s3
from tiktok_api.extensions import services_of
from tiktok_api.storage.errors import StorageUnreachable
from tiktok_api.storage.port import Storage
from tiktok_api.storage.s3.storage import S3Storage

pytestmark = on_s3


class FailingBucket(FragileBucket):
    """Gives no size while `is_away`, and of its `failing_read`th object, counted from 1, only the first piece."""

    is_away = False
    failing_read = 0
    reads = 0

    def size(self, name):
        if self.is_away:
            raise StorageUnreachable("away")
        return super().size(name)

    def read(self, *args):
        self.reads += 1
        pieces = super().read(*args)
        return breaking(pieces) if self.reads == self.failing_read else pieces


def breaking(pieces):
    yield from islice(pieces, 1)
    raise StorageUnreachable("away")


@pytest.fixture
def bucket(app):
    there = services_of(app)[Storage]
    bucket = FailingBucket(there._bucket)
    services_of(app)[Storage] = S3Storage(bucket, there._states, link_seconds=0)
    return bucket


def test_a_post_waits_while_it_is_unknown_whether_its_video_is_stored(bucket, publishing):
    post = publishing.make_post()
    bucket.is_away = True
    publishing.begin(post)
    publishing.run()
    waiting, inits = publishing.shown(post), publishing.count_inits()

    bucket.is_away = False
    publishing.run_until_published(post)

    assert (waiting["reason"], inits) == ("storage_unreachable", 0)
    assert waiting["next_try_at"]
    assert publishing.count_inits() == 1


@pytest.mark.parametrize("chunk", [1, 3, 6])
def test_a_chunk_of_which_s3_gave_only_the_beginning_is_sent_again(bucket, publishing, big_video_bytes, chunk):
    publishing.tiktok.knobs(inspect_media=False)
    post = publishing.make_post(media_ids=[publishing.make_video(big_video_bytes)])
    bucket.failing_read = bucket.reads + chunk

    publishing.begin(post)
    publishing.run()
    waiting = publishing.shown(post)
    publishing.run_until_published(post)

    assert waiting["state"] in ("uploading", "processing")
    if chunk < 6:  # past the commit point only TikTok's word counts
        assert waiting["reason"] == "storage_unreachable"
    assert publishing.count_inits() == 1
    assert publishing.live() == [hashlib.sha256(big_video_bytes).hexdigest()]

"""The cleanup deletes what is no longer needed, and nothing else"""

import os
from datetime import UTC, datetime

from tests.media import sample_media
from tests.storages import on_each_storage
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage


@on_each_storage
def test_an_upload_that_expired_is_forgotten_with_its_bytes(owner, upload, sweep, stored):
    begun = upload()
    begun.send(b"x" * 500)

    sweep(hours=25)

    assert begun.head().status_code == 404
    assert stored() == set()


@on_each_storage
def test_an_active_upload_is_kept(upload, sweep):
    begun = upload()
    begun.send(b"x" * 500)

    sweep(hours=23)

    assert begun.offset == 500


@on_each_storage
def test_what_is_ready_is_kept_for_good(owner, make_media, sweep):
    media = make_media()

    sweep(days=400)

    assert owner.get(f"/media/{media['id']}/content").status_code == 200
    assert owner.get(f"/media/{media['id']}/thumbnail").status_code == 200


@on_each_storage
def test_a_rejected_file_goes_and_its_reason_stays(owner, make_media, sweep, stored):
    media = make_media(b"nonsense")

    sweep(hours=25)

    assert stored() == set()
    assert owner.get(f"/media/{media['id']}").json["rejection"]["code"] == "format_unsupported"


def test_old_bytes_without_a_row_are_deleted(app, make_media, sweep, stored, tmp_path):
    make_media(sample_media.photo())
    owned = stored()
    storage = services_of(app)[Storage]
    young, old = storage.new_key(), storage.new_key()
    for key in (young, old):
        storage.put(key, b"no row")
    three_days_ago = datetime.now(UTC).timestamp() - 3 * 86_400
    for key in (old, *owned):
        os.utime(next((tmp_path / "media").glob(f"*/*/{key}")), (three_days_ago, three_days_ago))

    sweep(minutes=0)

    assert stored() == {*owned, young}

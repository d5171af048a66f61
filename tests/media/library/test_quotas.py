"""The quota of one user: GET /media/usage, and what is refused beyond it"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Person
from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.tus_client import BYTES, Breaking, begin, create
from tests.storages import keys_in


@pytest.fixture
def person(make_app):
    """A user with a quota of 1000 bytes."""
    return Person(make_app(media_quota_bytes_per_user=1000), "owner@example.com")


def usage(person):
    return person.get("/media/usage").json


def post(person, content, **options):
    body = sample_media.multipart(sample_media.part("file", content))
    return person.post("/media", data=body, content_type=sample_media.MULTIPART, **options)


def stored(person):
    return list(keys_in(person.app))


def test_by_default_a_user_may_store_20_gib_in_10_000_files(owner):
    assert (usage(owner)["quota_bytes"], usage(owner)["quota_files"]) == (20 * 1024**3, 10_000)


def test_without_quotas_everything_is_counted_and_nothing_refused(make_app, upload):
    app = make_app(media_quota_bytes_per_user=None, media_quota_files_per_user=None)
    owner = Person(app, "unlimited@example.com")
    upload(5, person=owner).send(b"01234")
    upload(400, person=owner).send(b"0123")

    assert usage(owner) == {
        "used_bytes": 5,
        "reserved_bytes": 400,
        "quota_bytes": None,
        "available_bytes": None,
        "files": 2,
        "quota_files": None,
    }


def test_an_upload_counts_from_its_beginning_for_what_it_will_come_to(person):
    begun = begin(person, 600)

    refused = create(person, 401)
    taken = create(person, 400)

    assert (refused.status_code, refused.json["code"]) == (413, "media_quota_exceeded")
    shown = {name: refused.json[name] for name in ("unit", "allowed", "used", "requested")}
    assert shown == {"unit": "bytes", "allowed": 1000, "used": 600, "requested": 401}
    assert refused.headers["Tus-Resumable"] == "1.0.0"
    assert taken.status_code == 201
    begun.terminate()
    assert create(person, 600).status_code == 201


def test_what_was_refused_leaves_nothing(person):
    create(person, 1001)
    post(person, b"x" * 1001)
    create(person, 1001, headers=BYTES, data=b"x")
    create(person, None, headers=BYTES, data=b"x" * 1001)

    assert stored(person) == []
    assert usage(person)["files"] == 0


def test_a_file_in_one_request_counts_too(person):
    assert post(person, b"x" * 700).status_code == 201

    refused = post(person, b"y" * 301)

    assert (refused.status_code, refused.json["code"]) == (413, "media_quota_exceeded")
    assert len(stored(person)) == 1
    assert post(person, b"z" * 300).status_code == 201
    assert usage(person)["available_bytes"] == 0


def test_a_refusal_is_not_kept_under_an_idempotency_key(person):
    key = {"Idempotency-Key": "once"}
    begun = begin(person, 900)
    refused = post(person, b"x" * 200, headers=key)

    begun.terminate()

    assert refused.status_code == 413
    assert post(person, b"x" * 200, headers=key).status_code == 201


def test_much_too_much_in_one_request_is_refused_before_it_is_taken_in(person):
    whole = sample_media.multipart(sample_media.part("file", b"x" * 100_000))

    response = person.post(
        "/media", input_stream=Breaking(b"", len(whole), AssertionError), content_type=sample_media.MULTIPART
    )

    assert (response.status_code, response.json["code"]) == (413, "media_quota_exceeded")


def test_the_same_content_counts_once(make_app):
    content = sample_media.photo()
    person = Person(make_app(media_quota_bytes_per_user=2 * len(content)), "owner@example.com")

    for _ in range(3):
        assert post(person, content).status_code == 201

    assert (usage(person)["used_bytes"], usage(person)["files"]) == (len(content), 3)
    assert post(person, content + b"another").status_code == 413


def test_files_are_counted_unfinished_and_duplicate_ones_too(make_app):
    person = Person(make_app(media_quota_files_per_user=3), "owner@example.com")
    post(person, b"same")
    post(person, b"same")
    begin(person, None)

    refused = [create(person, 1), post(person, b"same")]

    assert [response.status_code for response in refused] == [413, 413]
    assert {response.json["code"] for response in refused} == {"media_quota_exceeded"}
    assert refused[0].json["unit"] == "files"
    assert (usage(person)["files"], usage(person)["quota_files"]) == (3, 3)


def test_an_upload_of_unknown_length_counts_for_what_it_sends(person):
    begun = begin(person, None)
    begun.send(b"x" * 600)

    beyond = begun.send(b"x" * 401, offset=600)

    assert (beyond.status_code, beyond.json["code"]) == (413, "media_quota_exceeded")
    assert begun.offset == 600
    assert usage(person)["reserved_bytes"] == 600
    assert begun.send(b"x" * 400, offset=600).status_code == 204


def test_a_length_said_late_is_held_against_the_quota(person):
    begin(person, 500)
    begun = begin(person, None)
    begun.send(b"x" * 100)

    refused = begun.send(b"", offset=100, headers={"Upload-Length": "501"})
    taken = begun.send(b"", offset=100, headers={"Upload-Length": "500"})

    assert (refused.status_code, taken.status_code) == (413, 204)
    assert begun.head().headers["Upload-Length"] == "500"
    assert usage(person)["reserved_bytes"] == 1000


def test_a_cut_append_gives_back_what_it_had_reserved(person):
    begun = begin(person, None)

    begun.send(input_stream=Breaking(b"x" * 300, 1000, ConnectionResetError))

    assert usage(person)["reserved_bytes"] == 300
    assert create(person, 700).status_code == 201


_CHUNKED = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}


def test_unannounced_bytes_end_at_the_quota_and_are_kept_up_to_it(make_app):
    person = Person(make_app(media_quota_bytes_per_user=1_000_000), "owner@example.com")
    begin(person, 300_000)
    begun = begin(person, None)

    response = begun.send(b"x" * 900_000, environ_overrides=_CHUNKED)

    assert (response.status_code, response.json["code"]) == (413, "media_quota_exceeded")
    assert 400_000 < begun.offset <= 700_000
    assert usage(person)["reserved_bytes"] == 300_000 + begun.offset


def test_unannounced_bytes_count_only_once_they_have_arrived(make_app):
    person = Person(make_app(media_quota_bytes_per_user=50_000_000), "owner@example.com")
    begun = begin(person, None)

    response = begun.send(b"x" * 900_000, environ_overrides=_CHUNKED)

    assert (response.status_code, begun.offset) == (204, 900_000)
    assert usage(person)["reserved_bytes"] == 900_000


def test_what_is_deleted_makes_room(person):
    media = post(person, b"x" * 1000).json
    run_due_jobs(person.app)

    assert post(person, b"y").status_code == 413
    person.delete(f"/media/{media['id']}")
    assert post(person, b"y").status_code == 201


def test_every_user_has_a_quota_of_their_own(person):
    begin(person, 1000)
    other = Person(person.app, "stranger@example.com")

    assert create(other, 1000).status_code == 201
    assert usage(other)["reserved_bytes"] == 1000


@on_each_database
@pytest.mark.parametrize("way", ["tus", "multipart", "unknown length"])
def test_fifty_at_once_never_pass_the_quota(make_app, each_database_url, way):
    app = make_app(database_url=each_database_url, media_quota_bytes_per_user=1000)
    owner = Person(app, "owner@example.com")

    def act(number):
        person = owner.elsewhere()
        content = b"%090d" % number
        if way == "tus":
            return create(person, 90).status_code
        if way == "multipart":
            return post(person, content).status_code
        return begin(person, None).send(content).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(act, range(50)))

    assert sorted(set(statuses), reverse=True) == [413, 204 if way == "unknown length" else 201]
    assert statuses.count(413) == 39
    found = usage(owner)
    assert found["used_bytes"] + found["reserved_bytes"] == 990
    kept = [
        media for media in owner.get("/media?limit=100").json["data"] if media["received_bytes"] or media["size_bytes"]
    ]
    assert len(kept) == 11

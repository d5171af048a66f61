"""What a multipart upload says about its file is read strictly, and no request leaves bytes that belong to no row."""

import pytest

from tests.databases import execute, on_each_database
from tests.media import sample_media
from tests.media.tus_client import BYTES, TUS, metadata

LINE = "\r\n"
DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.mp4"'
HEADS = {
    "NUL in the type": f"{DISPOSITION}{LINE}Content-Type: video/mp4\0",
    "NUL in a parameter of the type": f'{DISPOSITION}{LINE}Content-Type: video/mp4; codecs="a\0b"',
    "NUL in a parameter's encoding": f"{DISPOSITION}{LINE}Content-Type: video/mp4; codecs*=UTF-8''%00",
    "a type of 15,000 letters": f"{DISPOSITION}{LINE}Content-Type: video/{'x' * 15_000}",
    "a type that is none": f"{DISPOSITION}{LINE}Content-Type: \u20ac",
    "an empty type": f"{DISPOSITION}{LINE}Content-Type:",
    "NUL in the name": 'Content-Disposition: form-data; name="file"; filename="a\0b.mp4"',
    "NUL in the encoded name": "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%00b.mp4",
    "half of a character in the name": "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%ff%fe.mp4",
    "a name in no alphabet": "Content-Disposition: form-data; name=\"file\"; filename*=x-none''%E9.mp4",
    "half of a surrogate pair": "Content-Disposition: form-data; name=\"file\"; filename*=UTF-16''%00%d8",
    "a name of 15,000 letters": f'Content-Disposition: form-data; name="file"; filename="{"x" * 15_000}"',
    "a continued name": 'Content-Disposition: form-data; name="file"; filename*0="a"; filename*1="b\0"',
    "no name": "Content-Disposition: form-data; filename=a",
    "NUL in the part's name": 'Content-Disposition: form-data; name="fi\0le"; filename="a"',
    "other headers": f"{DISPOSITION}{LINE}X-\u20ac: \u20ac{LINE}: {LINE}Content-Transfer-Encoding: \0",
}


def _body(head: bytes) -> bytes:
    boundary = sample_media.MULTIPART.partition("boundary=")[2].encode()
    return b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + b"x" * 900 + b"\r\n--" + boundary + b"--\r\n"


@pytest.fixture
def app(make_app, simulator_urls, each_database_url):
    return make_app(**simulator_urls, database_url=each_database_url)


@on_each_database
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["without a key", "with a key"])
def test_a_strange_part_is_refused_or_stored_in_a_row(owner, stored, key):
    codes, library = {}, []
    for kind, head in HEADS.items():
        for encoding in ("utf-8", "utf-16-le", "latin-1"):
            body = _body(head.encode(encoding, "replace"))
            headers = {name: f"{value} {kind} {encoding}" for name, value in key.items()}
            response = owner.post("/media", data=body, content_type=sample_media.MULTIPART, headers=headers)
            codes[kind, encoding] = response.status_code
            library += [response.json["id"]] if response.status_code == 201 else []

    assert set(codes.values()) == {201, 422}
    assert len(stored()) == len(library)
    assert owner.get("/media/usage").json["used_bytes"] == 900
    shown = [owner.get(f"/media/{media_id}").json for media_id in library]
    assert all(len(media["name"]) <= 255 and "\0" not in media["name"] for media in shown)
    assert {media["content_type"] for media in shown} <= {"video/mp4", None}


TYPES = {
    "boundary*=UTF-8''%E2%82%AC": 415,
    "boundary=caf\u00e9": 400,
    "boundary=": 415,
    "boundary=" + "x" * 71: 415,
    "boundary*0=ab; boundary*1=cd": 422,
    "boundary=\0": 400,
    "boundary=(.*)": 415,
    'boundary="(.+)"': 422,
}


@on_each_database
@pytest.mark.parametrize(("parameters", "code"), TYPES.items())
def test_a_strange_boundary_is_refused(owner, stored, parameters, code):
    environ = {"CONTENT_TYPE": f"multipart/form-data; {parameters}"}

    response = owner.post("/media", data=_body(DISPOSITION.encode()), environ_overrides=environ)

    assert response.status_code == code
    assert stored() == set()


NAMES = ["Upload-Metadata", "Upload-Checksum", "Upload-Length", "Upload-Defer-Length"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["caf\u00e9", "filename \u00e9", "sha1 \u00e9", "\u0663", "filename YQ==\x85"])
def test_a_header_of_tus_that_is_not_ascii_is_named(owner, stored, name, value):
    headers = TUS | BYTES | {"Upload-Length": "5", name: value}

    response = owner.post("/media/uploads", headers=headers, data=b"12345")

    assert (response.status_code, response.json["code"]) == (400, "malformed_upload_header")
    assert name in response.json["detail"]
    assert stored() == set()


@on_each_database
def test_a_name_of_any_bytes_is_shown_without_what_cannot_be_printed(owner, stored):
    said = metadata(filename="a\0b\u202e\ud83d".encode("utf-8", "replace").decode(), filetype="video/mp4\0")

    response = owner.post("/media/uploads", headers=TUS | {"Upload-Length": "5", "Upload-Metadata": said})

    shown = owner.get(f"/media/{response.headers['Location'].rpartition('/')[2]}").json
    assert (shown["name"], shown["content_type"]) == ("ab?", None)


def test_a_database_that_fails_leaves_no_bytes(app, owner, stored, each_database_url):
    app.config["PROPAGATE_BUGS"] = False
    execute(each_database_url, "alter table jobs rename to works")

    whole = owner.post("/media", data=_body(DISPOSITION.encode()), content_type=sample_media.MULTIPART)
    begun = owner.post("/media/uploads", headers=TUS | {"Upload-Length": "0"})

    execute(each_database_url, "alter table works rename to jobs")
    assert {whole.status_code, begun.status_code} == {503}
    assert stored() == set()

"""Media on PostgreSQL, and uploads from a browser of another origin"""

import pytest

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.tus_client import begin, create
from tests.storages import on_each_storage


@pytest.mark.postgres
@on_each_storage
def test_uploads_and_the_library_are_the_same_on_postgresql(make_app, postgresql_url):
    app = make_app(database_url=postgresql_url)
    owner = Person(app, "owner@example.com")
    content = sample_media.video()

    upload = begin(owner, len(content), name="100% mine.mp4")
    upload.send(content[:1000])
    upload.send(content[1000:], offset=1000)
    rejected = begin(owner, 4)
    rejected.send(b"PK\3\4")
    run_due_jobs(app)

    first = owner.get("/media?limit=1").json
    second = owner.get(f"/media?limit=1&cursor={first['next_cursor']}").json
    assert first["data"][0]["rejection"]["code"] == "format_unsupported"
    assert (second["data"][0]["id"], second["data"][0]["status"]) == (upload.id, "ready")
    assert [media["id"] for media in owner.get("/media?q=0%25&kind=video").json["data"]] == [upload.id]
    assert owner.get(f"/media/{upload.id}/content", headers={"Range": "bytes=0-9"}).data == content[:10]
    assert owner.delete(f"/media/{upload.id}").status_code == 204


def test_a_browser_of_an_allowed_origin_may_upload_and_read_the_headers(make_app):
    app = make_app(cors_origins=("https://studio.example",))
    owner = Person(app, "owner@example.com")
    upload = begin(owner, 10)
    origin = {"Origin": "https://studio.example"}
    asking = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset,content-type",
    }

    preflight = app.test_client().options(f"/api/v1{upload.path}", headers=origin | asking)
    sent = upload.send(b"01234", headers=origin)

    assert preflight.status_code in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://studio.example"
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert {"tus-resumable", "upload-offset"} <= {name.strip() for name in allowed.split(",")}
    assert "Upload-Offset" in sent.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/media/uploads", "authorization,tus-resumable,upload-length,upload-metadata,content-type"),
        ("POST", "/media/uploads", "authorization,tus-resumable,upload-defer-length,x-request-id"),
        ("HEAD", "/media/uploads/{id}", "authorization,tus-resumable"),
        ("PATCH", "/media/uploads/{id}", "authorization,tus-resumable,upload-offset,upload-checksum,upload-length"),
        ("POST", "/media/uploads/{id}", "authorization,tus-resumable,upload-offset,x-http-method-override"),
        ("DELETE", "/media/uploads/{id}", "authorization,tus-resumable"),
        ("GET", "/media/uploads/{id}", "authorization"),
    ],
)
@pytest.mark.parametrize("origin", ["https://studio.example", "https://evil.example"])
def test_a_browser_is_told_beforehand_what_it_may_do(make_app, method, path, headers, origin):
    app = make_app(cors_origins=("https://studio.example",))
    upload = begin(Person(app, "owner@example.com"), 10)
    asking = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers, "Origin": origin}

    response = app.test_client().options(f"/api/v1{path.format(id=upload.id)}", headers=asking)

    allowed = {name.strip() for name in response.headers.get("Access-Control-Allow-Headers", "").lower().split(",")}
    if origin == "https://evil.example":
        assert "Access-Control-Allow-Origin" not in response.headers
        return
    assert response.status_code in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert method in response.headers["Access-Control-Allow-Methods"]
    assert set(headers.split(",")) <= allowed


def test_a_browser_may_read_everything_that_the_protocol_says(make_app):
    app = make_app(cors_origins=("https://studio.example",))
    owner = Person(app, "owner@example.com")
    origin = {"Origin": "https://studio.example"}

    response = create(owner, 10, headers=origin)
    described = app.test_client().options("/api/v1/media/uploads", headers=origin)

    exposed = {name.strip() for name in response.headers["Access-Control-Expose-Headers"].split(",")}
    ours = {
        name for name in [*response.headers.keys(), *described.headers.keys()] if name.startswith(("Tus-", "Upload-"))
    }
    assert ours | {"Location"} <= exposed

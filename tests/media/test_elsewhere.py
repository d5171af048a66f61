"""Media on PostgreSQL, and uploads from a browser of another origin"""

import pytest

from tests.conftest import Person
from tests.media import making
from tests.media.tus_client import begin
from tests.running_jobs import run_due_jobs
from tests.storages import on_each_storage


@pytest.mark.postgres
@on_each_storage
def test_uploads_and_the_library_are_the_same_on_postgresql(make_app, postgresql_url):
    app = make_app(database_url=postgresql_url)
    owner = Person(app, "owner@example.com")
    content = making.video()

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

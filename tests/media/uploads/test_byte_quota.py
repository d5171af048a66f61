"""The quota of bytes a minute counts what arrives, whichever way it comes, also what is refused in the end."""

import io

import pytest

from tests.conftest import Person
from tests.media import sample_media
from tests.media.tus_client import BYTES, TUS
from tests.web.problems import assert_problem

MEBIBYTE = 1024 * 1024


class Sender:
    """Sends bytes to a server that takes 3 MiB a minute, each time as a new file."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def begin(self) -> str:
        begun = self.person.post("/media/uploads", headers=TUS | {"Upload-Defer-Length": "1"})
        assert begun.status_code == 201
        return begun.headers["Location"].removeprefix("/api/v1")

    def send(self, method, path, content, *, chunked, headers=None, stream=None):
        more = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(content))}
        return self.person.open(
            path,
            method=method,
            headers=(headers or {}) | more,
            input_stream=stream or io.BytesIO(content),
            environ_overrides={"wsgi.input_terminated": True} if chunked else {},
        )

    def patch(self, content, *, chunked=False, stream=None, **more: str):
        headers = TUS | BYTES | {"Upload-Offset": "0"} | {name.replace("_", "-"): value for name, value in more.items()}
        return self.send("PATCH", self.begin(), content, chunked=chunked, headers=headers, stream=stream)

    def override(self, content, *, chunked=False, stream=None):
        headers = TUS | BYTES | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        return self.send("POST", self.begin(), content, chunked=chunked, headers=headers, stream=stream)

    def create(self, content, *, chunked=False, stream=None):
        headers = TUS | BYTES | {"Upload-Defer-Length": "1"}
        return self.send("POST", "/media/uploads", content, chunked=chunked, headers=headers, stream=stream)

    def form(self, content, *, chunked=False, stream=None, name="file"):
        body = sample_media.multipart(sample_media.part(name, content, filename="a.mp4"))
        headers = {"Content-Type": sample_media.MULTIPART}
        return self.send("POST", "/media", body, chunked=chunked, headers=headers, stream=stream)


class Watched(io.BytesIO):
    """A body that notices when it is read."""

    is_read = False

    def read(self, size=-1, /):
        self.is_read = True
        return super().read(size)


@pytest.fixture
def app(make_app):
    return make_app(rate_limit_enabled=True, upload_mebibytes_per_minute=3)


@pytest.fixture
def sender(owner):
    return Sender(owner)


every_way = pytest.mark.parametrize("way", ["patch", "override", "create", "form"])
either_length = pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])


@either_length
@every_way
def test_every_way_in_counts(sender, way, chunked):
    first = getattr(sender, way)(bytes(2 * MEBIBYTE + 1), chunked=chunked)

    refused = sender.patch(b"x")

    assert first.status_code in (201, 204)
    assert_problem(refused, 429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Remaining"] == "0"


@every_way
def test_what_is_announced_and_does_not_fit_is_refused_before_it_is_read(sender, way):
    sender.patch(bytes(MEBIBYTE))
    body = Watched(bytes(2 * MEBIBYTE + 500))

    refused = getattr(sender, way)(b"", stream=body)

    assert_problem(refused, 429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert not body.is_read


@either_length
@pytest.mark.parametrize("way", ["patch", "override", "create"])
def test_an_upload_that_exceeds_it_in_the_middle_keeps_what_arrived(sender, way, chunked):
    refused = getattr(sender, way)(bytes(5 * MEBIBYTE), chunked=chunked)

    assert_problem(refused, 429, "rate_limit_exceeded")
    [upload] = sender.person.get("/media?status=uploading").json["data"]
    asked = sender.person.open(f"/media/uploads/{upload['id']}", method="HEAD", headers=TUS)
    assert asked.headers["Upload-Offset"] == refused.headers["Upload-Offset"]
    assert 2 * MEBIBYTE < int(asked.headers["Upload-Offset"]) <= 3 * MEBIBYTE
    assert refused.headers.get("Location", upload["id"]).endswith(upload["id"])
    assert ("Location" in refused.headers) is (way == "create")


def test_a_form_that_exceeds_it_leaves_nothing(sender, stored):
    before = stored()

    refused = sender.form(bytes(5 * MEBIBYTE), chunked=True)

    assert_problem(refused, 429, "rate_limit_exceeded")
    assert stored() == before
    assert sender.person.get("/media").json["data"] == []


def test_bytes_that_are_refused_in_the_end_count(sender):
    wrong_name = sender.form(bytes(MEBIBYTE), name="video")
    wrong_sum = sender.patch(b"x", Upload_Checksum="sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")

    refused = sender.patch(b"x")

    assert [answer.status_code for answer in (wrong_name, wrong_sum, refused)] == [422, 460, 429]


def test_what_one_user_sends_leaves_others_alone(sender):
    other = Sender(Person(sender.person.app, "stranger@example.com"))
    sender.form(bytes(3 * MEBIBYTE - 1000))

    assert other.form(bytes(2 * MEBIBYTE)).status_code == 201


def test_many_pieces_cost_what_they_hold(make_app):
    app = make_app(rate_limit_enabled=True, upload_mebibytes_per_minute=50)
    sender = Sender(Person(app, "owner@example.com"))

    answers = [sender.patch(bytes(5_000_000)) for _ in range(10)]

    assert {answer.status_code for answer in answers} == {204}
    assert answers[-1].headers["RateLimit-Remaining"] == "0"


@pytest.mark.redis
@either_length
@every_way
def test_servers_that_share_a_redis_share_the_quota(make_app, redis_server, way, chunked):
    first, second = (
        make_app(rate_limit_enabled=True, upload_mebibytes_per_minute=3, redis_url=redis_server) for _ in range(2)
    )
    person = Person(first, f"{way}{chunked}@example.com")
    elsewhere = Sender(person.elsewhere())
    elsewhere.person.client = second.test_client()

    sent = getattr(Sender(person), way)(bytes(2 * MEBIBYTE + 1), chunked=chunked)

    assert sent.status_code in (201, 204)
    assert_problem(elsewhere.patch(b"x"), 429, "rate_limit_exceeded")


def test_while_redis_is_away_each_server_counts_for_itself(make_app):
    app = make_app(rate_limit_enabled=True, upload_mebibytes_per_minute=3, redis_url="redis://127.0.0.1:1/0")
    sender = Sender(Person(app, "owner@example.com"))

    sent = sender.create(bytes(2 * MEBIBYTE + 1), chunked=True)

    assert sent.status_code == 201
    assert_problem(sender.patch(b"x"), 429, "rate_limit_exceeded")

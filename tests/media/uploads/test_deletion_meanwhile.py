"""Uploads that are deleted, or lose their bytes, while more bytes arrive."""

import io

import pytest

from tests.web.problems import assert_problem


class Eventful(io.BytesIO):
    """A body that runs an act before its last bytes."""

    def __init__(self, content, act):
        super().__init__(content)
        self._act, self._has_happened = act, False

    def read(self, size=-1):
        if not self._has_happened and self.tell() > 0:
            self._has_happened = True
            self._act()
        return super().read(size)

    read1 = read


@pytest.fixture
def app(make_app):
    return make_app(media_quota_bytes_per_user=50 * 1024 * 1024)


@pytest.mark.parametrize("length", [None, 10 * 1024 * 1024], ids=["of unknown length", "of known length"])
def test_what_comes_for_an_upload_that_was_given_up_meanwhile_is_not_kept(length, upload, owner, stored, run_jobs):
    content = bytes(10 * 1024 * 1024)
    begun = upload(length)
    given_up = []

    body = Eventful(content, lambda: given_up.append(begun.terminate().status_code))
    how = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"} if length is None else {}
    said = {} if length is None else {"Content-Length": str(length)}
    response = begun.send(input_stream=body, headers=said, environ_overrides=how)
    run_jobs()

    assert given_up == [204]
    assert_problem(response, 404, "not_found")
    assert owner.get("/media").json["data"] == []
    assert stored() == set()


def test_an_upload_whose_bytes_have_gone_is_not_found(upload, tmp_path):
    begun = upload(10)
    begun.send(b"01234")
    for file in (tmp_path / "media").rglob("*"):
        if file.is_file():
            file.unlink()

    response = begun.send(b"56789", offset=5)

    assert_problem(response, 404, "not_found")

"""The pieces of a body share two buffers: each holds until the piece after the next one is asked for."""

import io

from tiktok_api.media.uploads.request_body import LARGEST_PIECE, iter_pieces


class Pausing(io.BytesIO):
    """A body of our own server's kind in which nothing arrives for a while after each piece."""

    pauses = False

    def read_into(self, buffer: memoryview) -> int:
        self.pauses = not self.pauses
        if not self.pauses:
            raise TimeoutError
        return self.readinto(buffer)


class Patient:
    """A socket that has any deadline."""

    def gettimeout(self) -> None:
        return None

    def settimeout(self, seconds: float | None) -> None:
        pass


def body_of(*characters: bytes) -> bytes:
    return b"".join(character * LARGEST_PIECE for character in characters)


def test_a_piece_is_unchanged_while_the_next_one_arrives():
    content = body_of(b"a", b"b", b"c")
    pieces = iter_pieces({"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}, stall_seconds=30)

    first = next(pieces)
    second = next(pieces)
    begun = (bytes(first[:1]), bytes(second[:1]))
    third = next(pieces)

    assert begun == (b"a", b"b")
    assert (bytes(second[:1]), bytes(third[:1])) == (b"b", b"c")


def test_a_pause_does_not_use_a_buffer_up():
    content = body_of(b"a", b"b")
    environ = {"wsgi.input": Pausing(content), "CONTENT_LENGTH": str(len(content)), "gunicorn.socket": Patient()}
    pieces = iter_pieces(environ, stall_seconds=30)

    first = next(pieces)
    second = next(pieces)

    assert (bytes(first[:1]), bytes(second[:1])) == (b"a", b"b")

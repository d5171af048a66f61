"""The client on real sockets: time, memory, and what must never happen"""

import os
import ssl
import threading
import tracemalloc
from contextlib import suppress

import httpcore2
import httpx2
import pytest

from tests.tiktok.doubles import ACCESS_TOKEN, HASTY, OK, connected_to, dripping, fail, read_request, spell
from tiktok_api.http.backend import DeadlineStream
from tiktok_api.http.deadline import current, deadline
from tiktok_api.tiktok import TikTokUnreachable, Timeouts


def test_a_refused_connection_was_never_sent(serve):
    server = serve(lambda connection: None)
    server.close()

    with connected_to(server.url) as client:
        error = fail(client)

    assert not error.was_sent
    assert "refused" in str(error)


def test_a_silent_server_was_sent_to(serve, stop):
    def play(connection):
        read_request(connection)
        stop.wait(10)

    server = serve(play)

    with connected_to(server.url, timeouts=HASTY) as client:
        assert fail(client).was_sent


def test_a_server_that_hangs_up_was_sent_to(serve):
    heads = []
    server = serve(lambda connection: heads.append(read_request(connection)[0]))

    with connected_to(server.url) as client:
        error = fail(client)

    assert error.was_sent
    assert len(heads) == 1


@pytest.mark.parametrize(
    "data",
    [
        spell(b" " * 1000 + OK),  # a slow body
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000,  # slow headers
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100,  # no end of preliminaries
    ],
    ids=["body", "headers", "informational"],
)
def test_a_response_of_single_bytes_does_not_hold_a_worker(serve, stop, data):
    server = serve(dripping(data, stop))

    with connected_to(server.url, timeouts=HASTY) as client:
        error = fail(client)

    assert error.was_sent
    assert "ReadTimeout" in str(error)


def test_every_wait_is_cut_to_what_is_left():
    waits = []

    class Recorder(httpcore2.NetworkStream):
        def read(self, max_bytes, timeout=None):
            waits.append(timeout)
            return b""

        def write(self, buffer, timeout=None):
            waits.append(timeout)

        def start_tls(self, ssl_context, server_hostname=None, timeout=None):
            waits.append(timeout)
            return self

    stream = DeadlineStream(Recorder(), current)
    with deadline(5.0):
        stream.read(1, 30.0)
        stream.write(bytes(200_000), 30.0)
        stream.start_tls(ssl.create_default_context(), None, 30.0).read(1, 30.0)
    stream.read(1, 30.0)

    assert len(waits) == 1 + 4 + 2 + 1
    assert all(0 < wait <= 5.0 for wait in waits[:-1])
    assert waits[-1] == 30.0


def test_a_given_transport_obeys_the_deadline_too(make_client, stop):
    class Dripping(httpx2.SyncByteStream):
        def __iter__(self):
            while not stop.wait(0.05):
                yield b" "

    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, stream=Dripping()))

    assert "ReadTimeout" in str(fail(make_client(transport=transport, timeouts=HASTY)))


def test_a_deadline_that_is_over_stops_even_the_connection():
    with connected_to("http://127.0.0.1:9", timeouts=Timeouts(connect=0.0, read=0.0)) as client:
        error = fail(client)

    assert not error.was_sent
    assert "ConnectTimeout" in str(error)


def test_a_slow_but_timely_response_is_accepted(serve, stop):
    server = serve(dripping(spell(), stop, pause=0.002))

    with connected_to(server.url, timeouts=Timeouts(read=60.0)) as client:
        assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "FAILED"


@pytest.mark.parametrize(
    "data",
    [
        spell(OK)[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01 not HTTP at all\r\n\r\n",
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
    ],
    ids=["cut", "short", "bad chunk", "not HTTP", "bad status", "huge header"],
)
def test_a_broken_response_is_refused(serve, data):
    def play(connection):
        read_request(connection)
        connection.sendall(data)

    server = serve(play)

    with connected_to(server.url) as client:
        assert fail(client).was_sent


def test_redirects_are_not_followed_and_cookies_not_kept(serve):
    heads = []

    def play(connection):
        for reply in (spell(b"", "302 Found", "Location: /elsewhere", "Set-Cookie: account=one"), spell()):
            heads.append(read_request(connection)[0])
            connection.sendall(reply)

    server = serve(play)

    with connected_to(server.url, timeouts=Timeouts()) as client:
        with pytest.raises(TikTokUnreachable):
            client.fetch_status(ACCESS_TOKEN, "v_pub")
        client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert len(heads) == 2
    assert all(head.startswith(b"POST /v2/post/publish/status/fetch/ ") for head in heads)
    assert b"cookie" not in heads[1].lower()


def test_the_environment_has_no_effect(serve, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    def play(connection):
        read_request(connection)
        connection.sendall(spell())

    server = serve(play)

    with connected_to(server.url) as client:
        assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "FAILED"


def test_connections_are_used_again(serve):
    connections = []

    def play(connection):
        connections.append(connection)
        while read_request(connection)[0]:
            connection.sendall(spell())

    server = serve(play)

    with connected_to(server.url) as client:
        for _ in range(5):
            client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert len(connections) == 1


def test_many_threads_share_one_client(serve):
    def play(connection):
        while request := read_request(connection)[0]:
            name = request.partition(b'"publish_id":"')[2].split(b'"')[0]
            connection.sendall(spell(b'{"data":{"status":"' + name + b'"},"error":{"code":"ok"}}'))

    server = serve(play)
    answers = {}

    with connected_to(server.url, timeouts=Timeouts()) as client:

        def ask(name):
            answers[name] = {client.fetch_status(ACCESS_TOKEN, name).status for _ in range(10)}

        threads = [threading.Thread(target=ask, args=(f"v{number}",)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == {f"v{number}": {f"v{number}"} for number in range(20)}


def test_a_fork_opens_connections_of_its_own(serve):
    connections = []

    def play(connection):
        connections.append(connection)
        while read_request(connection)[0]:
            connection.sendall(spell())

    server = serve(play)

    with connected_to(server.url, timeouts=Timeouts()) as client:
        client.fetch_status(ACCESS_TOKEN, "v_pub")
        child = os.fork()
        if child == 0:
            with suppress(Exception):
                client.fetch_status(ACCESS_TOKEN, "v_pub")
                os._exit(0)
            os._exit(1)
        _, outcome = os.waitpid(child, 0)
        client.fetch_status(ACCESS_TOKEN, "v_pub")

    assert outcome == 0
    assert len(connections) == 2


def swallow(connection):
    """Read a whole PUT, then say that it was the last."""
    head, _ = read_request(connection)
    connection.sendall(spell(b"", "201 Created"))
    return head


def test_a_large_chunk_streams_through_flat_memory(serve):
    size = 64_000_000
    heads = []
    server = serve(lambda connection: heads.append(swallow(connection)))
    piece = bytes(65_536)
    pieces = (piece[: min(65_536, size - start)] for start in range(0, size, 65_536))

    with connected_to(server.url, timeouts=Timeouts()) as client:
        tracemalloc.start()
        receipt = client.put_chunk(
            f"{server.url}/upload/", body=pieces, first=0, last=size - 1, total=size, content_type="video/mp4"
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert receipt.is_complete
    assert b"content-length: 64000000" in heads[0].lower()
    assert b"chunked" not in heads[0].lower()
    assert peak < 8_000_000


def test_a_server_that_stops_reading_does_not_hold_a_worker(serve, stop):
    server = serve(lambda connection: stop.wait(10))
    size = 30_000_000

    body = (bytes(1_000_000) for _ in range(30))
    where = {"first": 0, "last": size - 1, "total": size, "content_type": "video/mp4"}

    with connected_to(server.url, timeouts=HASTY) as client, pytest.raises(TikTokUnreachable) as caught:
        client.put_chunk(f"{server.url}/upload/", body=body, **where)

    assert caught.value.was_sent
    assert "WriteTimeout" in str(caught.value)


def test_a_connection_survives_a_body_of_the_wrong_length(serve):
    server = serve(swallow)

    with connected_to(server.url) as client:
        url = f"{server.url}/upload/"
        with pytest.raises(ValueError, match="less than 5"):
            client.put_chunk(url, body=iter([b"abc"]), first=0, last=4, total=5, content_type="video/mp4")
        with pytest.raises(ValueError, match="more than 5"):
            client.put_chunk(url, body=iter([b"abcdef"]), first=0, last=4, total=5, content_type="video/mp4")
        receipt = client.put_chunk(url, body=iter([b"abcde"]), first=0, last=4, total=5, content_type="video/mp4")

    assert receipt.is_complete


def test_timeouts_are_the_documented_ones():
    assert Timeouts() == Timeouts(connect=5.0, read=30.0, chunk=300.0)

"""The way out: what is asked, what is followed, what is believed, and how long anything may take"""

import socket
import subprocess
import sys
import threading
import time
from ipaddress import ip_network

import pytest

from tests.outbound.certificate_authority import Authority
from tests.outbound.stub_servers import answering, listening_for_connections, spell
from tiktok_api.outbound import (
    AddressForbidden,
    CertificateInvalid,
    Fetcher,
    HostUnknown,
    Interrupted,
    Patience,
    Policy,
    RedirectForbidden,
    TooSlow,
    Unreachable,
)

HASTY = Patience(connect_seconds=0.5, head_seconds=0.5, silence_seconds=0.5, total_seconds=20)


def fetch(fetcher, url, **options):
    with fetcher.get(url, **options) as answer:
        return answer.status, b"".join(answer.pieces())


def redirect(to, status="302 Found", **headers):
    return spell(status, Location=to, **headers)


@pytest.fixture
def stop():
    """Set when the test is over: servers that dawdle wait for it."""
    event = threading.Event()
    yield event
    event.set()


def dripping(data, stop, pause=0.05):
    def play(_request, connection):
        for byte in data:
            if stop.wait(pause):
                return
            connection.sendall(bytes([byte]))

    return play


def test_importing_outbound_imports_no_other_room():
    program = "import sys, tiktok_api.outbound; print(*sys.modules)"
    strangers = ("flask", "marshmallow", "sqlalchemy", "redis", "tiktok_api.tiktok", "tiktok_api.db", "tiktok_api.web")

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "tiktok_api.outbound.fetcher" in loaded
    assert [name for name in loaded if name.startswith(strangers)] == []


def test_requests_ask_for_plain_bytes_and_reveal_nothing(fetcher, source, names, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine media.example login me password planted-password\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    proxy = source(answering(spell()))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url(""))
    names.give("media.example", ["127.0.0.1"])
    server = source(answering(redirect("/b", Set_Cookie="planted=cookie"), spell(body=b"bytes")))

    assert fetch(fetcher, server.url("/a?x=%20y", host="media.example")) == (200, b"bytes")

    assert [request.target for request in server.requests] == ["/a?x=%20y", "/b"]
    for request in server.requests:
        assert request.headers == {
            "host": f"media.example:{server.port}",
            "user-agent": "tiktok-api",
            "accept": "*/*",
            "accept-encoding": "identity",
            "connection": "close",
        }
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent"]
)
def test_redirects_are_followed_and_each_host_is_named(fetcher, source, names, status):
    names.give("a.example", ["127.0.0.1"])
    names.give("b.example", ["127.0.0.1"])
    last = source(answering(spell(body=b"here")))
    first = source(answering(redirect(last.url("/x", host="b.example"), status)))

    assert fetch(fetcher, first.url(host="a.example")) == (200, b"here")

    assert last.requests[0].headers["host"] == f"b.example:{last.port}"
    assert last.requests[0].target == "/x"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("b.mp4", "/a/b.mp4"),
        ("?x=1", "/a/first?x=1"),
        ("/ü".encode().decode("latin-1"), "/%C3%BC"),
        ("/b#part", "/b"),
        ("//{authority}/c", "/c"),
    ],
)
def test_where_a_redirect_leads_is_read_as_browsers_do(fetcher, source, location, target):
    server = source(answering(spell()))
    there = location.format(authority=f"127.0.0.1:{server.port}")
    server.play = answering(redirect(there), spell(body=b"here"))

    assert fetch(fetcher, server.url("/a/first")) == (200, b"here")

    assert server.requests[1].target == target


def test_a_circle_of_redirects_ends(fetcher, source):
    server = source(answering(redirect("/again")))

    with pytest.raises(RedirectForbidden):
        fetch(fetcher, server.url())

    assert server.connections == 6


def test_a_name_is_resolved_once_and_the_connection_goes_to_that_address(fetcher, source, names):
    good = source(answering(redirect("/again")))
    trap = source(answering(spell(body=b"inside")), host="127.0.0.2", port=good.port)
    names.give("rebinding.example", ["127.0.0.1"], ["127.0.0.2"])

    with listening_for_connections() as heard, pytest.raises(RedirectForbidden):
        fetch(fetcher, good.url(host="rebinding.example"))

    assert names.asked == ["rebinding.example"] * 2
    assert [place for event, place in heard if event == "socket.connect"] == [("127.0.0.1", good.port)]
    assert (good.connections, trap.connections) == (1, 0)


@pytest.mark.parametrize("addresses", [["127.0.0.1", "127.0.0.2"], ["127.0.0.1", "::1"], ["127.0.0.1", "fe80::1%2"]])
def test_one_forbidden_address_spoils_a_name(fetcher, source, names, addresses):
    server = source(answering(spell()))
    names.give("mixed.example", addresses)

    with pytest.raises(AddressForbidden):
        fetch(fetcher, server.url(host="mixed.example"))

    assert server.connections == 0


def test_the_next_address_is_tried_where_the_first_does_not_answer(make_fetcher, source, names):
    fetcher = make_fetcher(networks=(ip_network("127.0.0.0/8"),))
    server = source(answering(spell(body=b"second")))
    names.give("two.example", ["127.0.0.3", "127.0.0.1"])

    assert fetch(fetcher, server.url(host="two.example")) == (200, b"second")


def test_an_unknown_name_differs_from_a_failed_lookup(fetcher, names):
    names.give("busy.example", socket.gaierror(socket.EAI_AGAIN, "later"))

    with pytest.raises(HostUnknown):
        fetch(fetcher, "http://unknown.example/")
    with pytest.raises(Unreachable):
        fetch(fetcher, "http://busy.example/")


def test_a_resolver_that_hangs_is_left_alone(stop):
    def hang(_host):
        stop.wait(20)
        return ["127.0.0.1"]

    fetcher = Fetcher(Policy(allow_http=True), resolve=hang)

    with pytest.raises(TooSlow):
        fetch(fetcher, "http://media.example/", patience=HASTY)


def test_tls_is_spoken_under_the_hosts_name(fetcher, source, names, authority):
    names.give("media.example", ["127.0.0.1"])
    server = source(answering(spell(body=b"sealed")), tls=authority.vouch_for("media.example"))

    assert fetch(fetcher, server.url(host="media.example")) == (200, b"sealed")

    assert server.requests[0].server_name == "media.example"


@pytest.mark.parametrize("url_host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused(fetcher, source, names, authority, url_host):
    names.give("other.example", ["127.0.0.1"])
    server = source(answering(spell()), tls=authority.vouch_for("media.example"))

    with pytest.raises(CertificateInvalid):
        fetch(fetcher, server.url(host=url_host))

    assert server.requests == []


def test_an_untrusted_certificate_is_refused(fetcher, source, names, tmp_path):
    names.give("media.example", ["127.0.0.1"])
    server = source(answering(spell()), tls=Authority(tmp_path).vouch_for("media.example"))

    with pytest.raises(CertificateInvalid):
        fetch(fetcher, server.url(host="media.example"))

    assert server.requests == []


def test_a_redirect_from_https_to_http_is_not_followed(fetcher, source, names, authority):
    names.give("media.example", ["127.0.0.1"])
    plain = source(answering(spell()))
    sealed = source(answering(redirect(plain.url())), tls=authority.vouch_for("media.example"))

    with pytest.raises(RedirectForbidden):
        fetch(fetcher, sealed.url(host="media.example"))

    assert plain.connections == 0


def test_plain_http_is_redirected_to_https(fetcher, source, names, authority):
    names.give("media.example", ["127.0.0.1"])
    sealed = source(answering(spell(body=b"sealed")), tls=authority.vouch_for("media.example"))
    plain = source(answering(redirect(sealed.url(host="media.example"))))

    assert fetch(fetcher, plain.url()) == (200, b"sealed")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 300_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ],
)
def test_a_response_that_is_not_http_or_ends_early_is_refused(fetcher, source, answer):
    server = source(answering(answer))

    with pytest.raises(Interrupted):
        fetch(fetcher, server.url(), patience=HASTY)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 100 Continue\r\n\r\n" * 3, b"HTTP/1.1 200 OK\r\nContent-Le", b""])
def test_a_server_that_falls_silent_before_its_answer_is_left(fetcher, source, stop, answer):
    def play(_request, connection):
        connection.sendall(answer)
        stop.wait(20)

    with pytest.raises(TooSlow):
        fetch(fetcher, source(play).url(), patience=HASTY)


def test_a_server_that_never_shakes_hands_is_left(fetcher):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
        fetch(fetcher, f"https://127.0.0.1:{silent.getsockname()[1]}/", patience=HASTY)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400, b"HTTP/1.1 100 Continue\r\n\r\n" * 20])
def test_a_dripping_head_is_bounded_as_a_whole(fetcher, source, stop, head):
    began = time.monotonic()

    with pytest.raises(TooSlow):
        fetch(fetcher, source(dripping(head, stop)).url(), patience=HASTY)

    assert time.monotonic() - began < 10


def test_a_dripping_body_counts_as_silence(fetcher, source, stop):
    with pytest.raises(TooSlow, match="too slowly"):
        fetch(fetcher, source(dripping(spell(body=b"x" * 5000), stop, pause=0.005)).url(), patience=HASTY)


def test_a_body_that_takes_too_long_as_a_whole_is_given_up(fetcher, source, stop):
    def play(_request, connection):
        connection.sendall(spell(length=10**9))
        while not stop.wait(0.01):
            connection.sendall(b"x" * 4096)

    with pytest.raises(TooSlow):
        fetch(fetcher, source(play).url(), patience=Patience(total_seconds=1.0))

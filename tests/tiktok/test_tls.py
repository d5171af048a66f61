"""The client over TLS: who is trusted, and that time is bounded there too"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.tiktok.doubles import ACCESS_TOKEN, HASTY, connected_to, dripping, fail, read_request, spell
from tiktok_api.tiktok import DeadlineTransport, Timeouts


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "identity.pem"
    unlocked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(unlocked + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def serve_tls(serve, identity):
    """Start a raw server that speaks TLS; its address."""

    def start(play):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)

        def play_tls(connection):
            with context.wrap_socket(connection, server_side=True) as wrapped:
                play(wrapped)

        return serve(play_tls).url.replace("http:", "https:")

    return start


def trusting(identity):
    return DeadlineTransport(ssl_context=ssl.create_default_context(cafile=identity))


def test_an_untrusted_server_gets_no_request(serve_tls):
    heads = []
    url = serve_tls(lambda connection: heads.append(read_request(connection)[0]))

    with connected_to(url, timeouts=Timeouts()) as client:
        error = fail(client)

    assert not error.was_sent
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert heads == []


def test_a_trusted_server_is_called_over_tls(serve_tls, identity):
    def play(connection):
        while read_request(connection)[0]:
            connection.sendall(spell())

    url = serve_tls(play)

    with connected_to(url, transport=trusting(identity), timeouts=Timeouts()) as client:
        assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "FAILED"
        assert client.fetch_status(ACCESS_TOKEN, "v_pub").status == "FAILED"


def test_a_slow_server_times_out_over_tls_too(serve_tls, identity, stop):
    url = serve_tls(dripping(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, stop))

    with connected_to(url, transport=trusting(identity), timeouts=HASTY) as client:
        assert "ReadTimeout" in str(fail(client))


def test_a_failed_handshake_means_that_nothing_was_sent(serve, stop):
    server = serve(lambda connection: stop.wait(10))

    with connected_to(server.url.replace("http:", "https:"), timeouts=HASTY) as client:
        assert not fail(client).was_sent

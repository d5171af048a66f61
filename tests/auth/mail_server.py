"""A real SMTP server on a free port, with a certificate of its own where TLS is asked for."""

import contextlib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.servers import free_port

USER, PASSWORD = "postman", "p@ss:word/1"


class Inbox:
    """Takes emails in, unless told what to answer instead."""

    def __init__(self) -> None:
        self.emails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.secured: list[bool] = []
        self.users: list[str | None] = []
        self.refusals: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Session, envelope: Envelope, to: str, _o: list[str]) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.emails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]  # `default` makes EmailMessage
        self.recipients += envelope.rcpt_tos
        self.secured.append(session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None)
        self.users.append(session.auth_data.login.decode() if session.auth_data else None)
        return "250 taken"


def certify(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file


@contextlib.contextmanager
def mail_server(
    inbox: Inbox,
    *,
    certificate: Path | None = None,
    is_tls_from_the_start: bool = False,
    knows_utf8: bool = True,
) -> Iterator[int]:
    """Runs until the end of the block; yields its port. With a certificate it offers TLS and asks for a password."""
    options: dict[str, Any] = {"enable_SMTPUTF8": knows_utf8}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options |= {"authenticator": _knows}
        if is_tls_from_the_start:  # it does not see that the whole line is encrypted
            options |= {"ssl_context": context, "auth_require_tls": False}
        else:
            options |= {"tls_context": context, "auth_required": True}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
    is_right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False, auth_data=given if is_right else None)

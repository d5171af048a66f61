"""Sending emails: one port with two implementations, files for development and SMTP for production.

Emails are sent by a job: an error is tried again, except `Undeliverable`.
"""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import make_msgid, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

TIMEOUT_SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


class Undeliverable(Exception):
    """No further try would help: no mail server takes emails to this address."""


class Mailer(Protocol):
    """What sends emails."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one email. Raises Undeliverable, OSError, SMTPException."""


class FileMailer:
    """Writes each email to an `.eml` file that only the owner of the process can read."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Write an email; the file appears when it is complete."""
        message = compose(self._sender, to, subject, text)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{uuid4().hex[:8]}.eml"
        unfinished = self._folder / f".{name}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes(policy=WIRE))
        unfinished.rename(self._folder / name)


class SmtpMailer:
    """Sends each email over a connection of its own to a mail server."""

    def __init__(self, url: str, *, sender: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._is_tls_from_the_start = parts.scheme == "smtps"
        self._needs_starttls = dict(parse_qsl(parts.query)).get("starttls", "true") == "true"
        self._sender, self._timeout_seconds = sender, timeout_seconds

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand an email to the mail server."""
        message = compose(self._sender, to, subject, text)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            if all(code >= 500 for code, _ in error.recipients.values()):
                raise Undeliverable("the mail server does not take emails to this address") from error
            raise
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable("the mail server does not support such addresses") from error

    @property
    def port(self) -> int:
        """The server's port."""
        return self._port

    def check(self) -> None:
        """Connect and sign in as for an email, and send none. Raises OSError, SMTPException."""
        with self._connected() as server:
            server.noop()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Yields a connection that is verified by TLS, unless the URL asks for none, and signed in."""
        context = ssl.create_default_context()
        if self._is_tls_from_the_start:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout_seconds, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout_seconds)
        with server:
            if not self._is_tls_from_the_start and self._needs_starttls:
                try:
                    server.starttls(context=context)
                except smtplib.SMTPNotSupportedError as error:  # a setting to mend, not an address to give up
                    raise ConnectionError("the mail server offers no STARTTLS") from error
            if self._user is not None:
                server.login(self._user, self._password)
            yield server


def mailer_from_url(url: str, *, sender: str) -> Mailer:
    """Returns the mailer for `MAIL_URL`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileMailer(Path(unquote(parts.path)), sender=sender)
    return SmtpMailer(url, sender=sender)


def compose(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """Returns an email as it is sent. Raises Undeliverable if `to` is no address."""
    message = EmailMessage(policy=WIRE)
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = _address(to)
    message["Subject"] = "".join(filter(str.isprintable, " ".join(subject.split())))  # a header holds one line
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = make_msgid(domain=address.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    message.set_content(text)
    return message


def _address(to: str) -> Address:
    local, _, domain = to.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
        if not local.isascii():  # RFC 6531, for servers that offer SMTPUTF8
            return Address(username=local, domain=domain)
        return Address(addr_spec=f"{local}@{domain}")
    except (ValueError, IndexError, MessageError) as error:  # UnicodeError is a ValueError
        raise Undeliverable("not an address") from error

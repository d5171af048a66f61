"""How emails leave the house: by a real SMTP server, or into files."""

import smtplib
import socket
import stat
from email import message_from_bytes
from email.policy import default
from urllib.parse import quote

import pytest

from tests.auth.mail_server import PASSWORD, USER, Inbox, certify, mail_server
from tests.auth.outbox import SentEmail, forget, reset
from tests.servers import free_port
from tiktok_api.auth.emails.mailer import Mailer, SmtpMailer, Undeliverable, mailer_from_url
from tiktok_api.extensions import services_of

SENDER = "Example <no-reply@example.com>"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """The mail server's, which OpenSSL is told to believe as an operator would."""
    file = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def plain(port: int) -> str:
    return f"smtp://127.0.0.1:{port}?starttls=false"


def secure(port: int, scheme: str = "smtp", password: str = PASSWORD) -> str:
    return f"{scheme}://{USER}:{quote(password, safe='')}@127.0.0.1:{port}"


def test_a_forgotten_password_is_replaced_by_an_email_from_a_real_server(app, client, owner, deliver, inbox):
    with mail_server(inbox) as port:
        usual = services_of(app)[Mailer]
        services_of(app)[Mailer] = mailer_from_url(plain(port), sender=SENDER)
        forget(client, owner.email)
        deliver()
        services_of(app)[Mailer] = usual

    (email,) = inbox.emails
    arrived = SentEmail(email["To"], email["Subject"], email.get_content())
    assert (arrived.to, email["From"]) == (owner.email, SENDER)
    assert (email["Auto-Submitted"], email["Message-ID"].endswith("@example.com>")) == ("auto-generated", True)
    assert reset(client, arrived.token).status_code == 200


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_over_tls_the_server_learns_who_we_are(inbox, certificate, scheme):
    is_smtps = scheme == "smtps"

    with mail_server(inbox, certificate=certificate, is_tls_from_the_start=is_smtps) as port:
        mailer_from_url(secure(port, scheme), sender=SENDER).send("ada@example.com", "Grüße", "Ça va?")

    assert (inbox.secured, inbox.users) == ([True], [USER])
    assert (inbox.emails[0]["Subject"], inbox.emails[0].get_content().strip()) == ("Grüße", "Ça va?")


@pytest.mark.parametrize("sign", ["\n", "\r", "\x0b", "\x85", "\u2028", "\u2029"])
def test_a_subject_is_one_line_whatever_names_are_in_it(inbox, sign):
    with mail_server(inbox) as port:
        mailer_from_url(plain(port), sender=SENDER).send("ada@example.com", f"On spring{sign}Bcc: a@example.com\0", "x")

    [email] = inbox.emails
    assert (email["Subject"], email["Bcc"]) == ("On spring Bcc: a@example.com", None)


def test_a_server_with_an_untrusted_certificate_gets_nothing(inbox, tmp_path):
    with mail_server(inbox, certificate=certify(tmp_path)) as port, pytest.raises(OSError, match="CERTIFICATE"):
        mailer_from_url(secure(port), sender=SENDER).send("ada@example.com", "x", "x")

    assert inbox.emails == []


def test_a_server_without_tls_gets_nothing_unless_told_so(inbox):
    with mail_server(inbox) as port, pytest.raises(ConnectionError, match="STARTTLS"):
        mailer_from_url(f"smtp://127.0.0.1:{port}", sender=SENDER).send("ada@example.com", "x", "x")

    assert inbox.emails == []


def test_a_wrong_password_is_tried_again_later(inbox, certificate):
    mailer_refuses = pytest.raises(smtplib.SMTPAuthenticationError)

    with mail_server(inbox, certificate=certificate) as port, mailer_refuses:
        mailer_from_url(secure(port, password="another"), sender=SENDER).send("ada@example.com", "x", "x")


def test_an_address_that_is_refused_for_good_is_given_up(inbox):
    inbox.refusals = ["550 no such person"]

    with mail_server(inbox) as port, pytest.raises(Undeliverable):
        mailer_from_url(plain(port), sender=SENDER).send("ada@example.com", "x", "x")


def test_an_address_that_is_refused_for_now_is_tried_again(inbox):
    inbox.refusals = ["451 come back later"]

    with mail_server(inbox) as port, pytest.raises(smtplib.SMTPRecipientsRefused):
        mailer_from_url(plain(port), sender=SENDER).send("ada@example.com", "x", "x")


def test_a_domain_of_any_script_is_written_as_the_wire_wants_it(inbox):
    with mail_server(inbox) as port:
        mailer_from_url(plain(port), sender=SENDER).send("ada@bücher.example", "x", "x")

    assert inbox.recipients == ["ada@xn--bcher-kva.example"]


def test_a_name_of_any_script_is_written_where_the_server_can(inbox):
    with mail_server(inbox) as port:
        mailer_from_url(plain(port), sender=SENDER).send("ада@example.com", "x", "x")
    with mail_server(inbox, knows_utf8=False) as port, pytest.raises(Undeliverable):
        mailer_from_url(plain(port), sender=SENDER).send("ада@example.com", "x", "x")

    assert inbox.recipients == ["ада@example.com"]


@pytest.mark.parametrize("to", ["", "ada", "a..b@", "ada@" + "x" * 70 + ".com", "a b@example.com", "<@example.com"])
def test_an_email_to_an_invalid_address_is_given_up(tmp_path, to):
    mailer = mailer_from_url(f"file://{tmp_path}", sender=SENDER)

    with pytest.raises(Undeliverable):
        mailer.send(to, "x", "x")


def test_a_server_that_is_not_there_is_tried_again():
    with pytest.raises(ConnectionRefusedError):
        mailer_from_url(plain(free_port()), sender=SENDER).send("ada@example.com", "x", "x")


def test_waiting_for_a_silent_server_ends():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mailer = SmtpMailer(plain(silent.getsockname()[1]), sender=SENDER, timeout_seconds=0.2)

        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            mailer.send("ada@example.com", "x", "x")


def test_a_file_is_a_whole_email_for_its_owner_alone(tmp_path):
    folder = tmp_path / "not yet" / "mail"

    mailer_from_url(f"file://{quote(str(folder))}", sender=SENDER).send("ada@example.com", "Grüße", "Ça va?")

    (file,) = folder.iterdir()
    email = message_from_bytes(file.read_bytes(), policy=default)
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (email["To"], email["Subject"], email.get_content().strip()) == ("ada@example.com", "Grüße", "Ça va?")

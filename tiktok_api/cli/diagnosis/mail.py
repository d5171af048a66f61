"""The mail server, or the folder of emails."""

import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import Flask

from tiktok_api.auth.emails.mailer import SmtpMailer
from tiktok_api.cli.diagnosis.result import SILENCE_SECONDS, CheckResult, first_line
from tiktok_api.settings import Settings


def check_mail(_app: Flask, settings: Settings) -> Iterator[CheckResult]:
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        yield _check_folder(Path(unquote(parts.path)))
        return
    mailer = SmtpMailer(settings.mail_url, sender=settings.mail_from, timeout_seconds=SILENCE_SECONDS)
    server = f"{parts.hostname}:{mailer.port}"
    try:
        mailer.check()
    except smtplib.SMTPAuthenticationError as error:
        message = f"{server} refuses the user or the password ({error.smtp_code})"
        yield CheckResult(
            "mail",
            "failed",
            message,
            "correct user and password in MAIL_URL; a password's @, : and / are %40, %3A, %2F",
        )
    except ssl.SSLError as error:
        message = f"no secure connection to {server}: {first_line(error)}"
        yield CheckResult(
            "mail", "failed", message, "is its certificate valid for that name, and smtp or smtps right for that port?"
        )
    except (OSError, smtplib.SMTPException) as error:
        hint = "look at MAIL_URL: host, port, smtp or smtps, and whether a firewall is in between"
        yield CheckResult("mail", "failed", f"{server} cannot be used: {first_line(error)}", hint)
    else:
        yield CheckResult("mail", "ok", f"{server} takes us in; nothing was sent")


def _check_folder(folder: Path) -> CheckResult:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"emails cannot be written to {folder}: {error.strerror}"
        return CheckResult("mail", "failed", message, "look at MAIL_URL: may this user write in that folder?")
    return CheckResult("mail", "ok", f"emails become files in {folder}")

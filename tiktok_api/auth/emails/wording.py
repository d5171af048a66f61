"""What each email says."""

from tiktok_api.auth.models import EmailKind
from tiktok_api.settings import Settings


def compose(kind: EmailKind, token: str | None, settings: Settings, **facts: str) -> tuple[str, str]:
    """Returns the subject and the text of an email."""
    subject, text = _WORDS[kind]
    return subject, text.format(instructions=instructions(kind, token, settings), url=settings.public_url, **facts)


def instructions(kind: EmailKind, token: str | None, settings: Settings) -> str:
    """Returns what to do with the token: a link if there is a frontend, else the request to send."""
    if token is None:
        return ""
    page, path, more = {
        EmailKind.VERIFY: ("verify-email", "email/verify", ""),
        EmailKind.RESET: ("reset-password", "password/reset", ', "password": "…"'),
    }[kind]
    if settings.frontend_url:  # behind a #, so that the token is in no server's log
        return f"{settings.frontend_url}/{page}#token={token}"
    return f'POST {settings.public_url}/api/v1/auth/{path}\n{{"token": "{token}"{more}}}'


_WORDS = {
    EmailKind.VERIFY: (
        "Please confirm your address",
        """\
This address was registered at {url} on {at}, from the network {network}. If that was you, confirm that it is yours:

{instructions}

This works once, within 24 hours, and lets in the password that was chosen then. If it was not you, do nothing: without it
that registration ends by itself. Of several such emails follow only that of your own registration, or ask for a new password.
""",
    ),
    EmailKind.RESET: (
        "Choose a new password",
        """\
A new password was requested for your account at {url}, most likely by you:

{instructions}

This works once, within an hour, signs out every device and revokes every API key. If it was not you, do nothing: your
password stays as it is.
""",
    ),
    EmailKind.KNOWN: (
        "You are registered already",
        """\
This address was used to register at {url}, most likely by you. It is registered already: sign in, or ask for a new password
if you forgot yours. If it was not you, do nothing: nothing has changed.
""",
    ),
    EmailKind.CHANGED: (
        "Your password was changed",
        """\
The password of your account at {url} was changed. {signed_out} {keys}

If it was not you, ask for a new password at once: that signs out every device and revokes every API key.
""",
    ),
    EmailKind.TAKEN_OVER: (
        "A TikTok account of yours was connected by another user",
        """\
TikTok's authorisation for an account that you had connected at {url} had ended, and the person who signed in to it at TikTok
has connected it as another user. You keep its posts and numbers; what was scheduled for it is cancelled. Your list of accounts
and your audit trail say which one it is. If it is yours, remove the app in TikTok's settings and connect it again.
""",
    ),
}

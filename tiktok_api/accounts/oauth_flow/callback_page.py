"""The page that a person sees after TikTok's consent page, if the client has no page of its own."""

import base64
import hashlib

from markupsafe import escape

from tiktok_api.accounts.models import ConnectionStatus
from tiktok_api.accounts.oauth_flow.record import ConnectionResult

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color:#161823;"
    "background:#fff}h1{font-size:1.5rem}code{color:#555}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161823}code{color:#aaa}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

_SENTENCES = {
    "access_denied": "The request was declined at TikTok, or the account is not eligible.",
    "another_creator": "TikTok was signed in as another creator than the one to reconnect. Switch accounts at TikTok.",
    "account_already_connected": "This TikTok account is connected by another user of this server.",
    "code_missing": "The browser came back from TikTok without a code.",
    "code_rejected": "TikTok did not accept the code any more.",
    "expired": "It took longer than ten minutes.",
    "interrupted": "The server was interrupted while it asked TikTok.",
    "link_not_valid": "This link is not valid any more.",
    "tiktok_refused": "TikTok refused the connection.",
    "tiktok_unreachable": "TikTok could not be reached.",
}


_TAKE_BACK = (
    "take it back: remove this app in TikTok's settings, under the apps that you have allowed, and then connect the account "
    "here as your own user."
)


def render(result: ConnectionResult) -> str:
    """Returns the page as HTML, without a script and without a request to another host."""
    if result.status is ConnectionStatus.CONNECTED:
        title = "Account connected"
        name = escape(result.name or "The account")
        body = f"<p>{name} is connected, and belongs to {_holder(result)} of this server now: this user can post to it "
        body += f"and read its numbers. You can close this page.</p><p>If that is not you, {_TAKE_BACK}</p>"
    elif result.status is ConnectionStatus.PENDING:
        title = "Connecting the account"
        body = "<p>TikTok has not answered yet. This page looks again in a moment.</p>"
    else:
        title = "Account not connected"
        sentence = _SENTENCES.get(result.reason or "", "")
        if result.reason == "another_creator" and result.name and result.expected_name:
            sentence = f"TikTok was signed in as {result.name}, not as {result.expected_name}. Switch accounts there."
        body = f"<p>{escape(sentence)} Go back to where you came from and start again.</p>"
        if result.holder is not None:
            body = f"<p>It belongs to {_holder(result)} of this server. If you hold it at TikTok, {_TAKE_BACK}</p>"
        body += f"<p><code>{escape(result.reason or '')}</code></p>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )


def _holder(result: ConnectionResult) -> str:
    return f"<strong>{escape(result.holder or 'a user')}</strong>"

"""TikTok: whether it accepts this app."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask

from tiktok_api.cli.diagnosis.result import SILENCE_SECONDS, CheckResult
from tiktok_api.settings import Settings
from tiktok_api.tiktok import TikTokClient
from tiktok_api.tiktok.errors import TikTokBusy, TikTokError, TikTokUnreachable
from tiktok_api.tiktok.wire import Timeouts


def check_tiktok(_app: Flask, settings: Settings) -> Iterator[CheckResult]:
    client = TikTokClient(
        client_key=settings.tiktok_client_key,
        client_secret=settings.tiktok_client_secret,
        api_url=settings.tiktok_api_url,
        allow_http=settings.tiktok_allow_http,
        timeouts=Timeouts(connect=SILENCE_SECONDS, read=2 * SILENCE_SECONDS),
    )
    host = urlsplit(settings.tiktok_api_url).hostname
    try:
        client.check_app()
    except TikTokBusy:
        yield CheckResult("tiktok", "warning", f"{host} is busy and did not look at the key", "try again in a minute")
    except TikTokUnreachable as error:
        yield _unusable(error, str(host))
    except TikTokError as error:
        yield CheckResult(
            "tiktok",
            "failed",
            f"{host} refuses this app's key or secret: {error}",
            "copy TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET anew from developers.tiktok.com; sandbox and production differ",
        )
    else:
        yield CheckResult("tiktok", "ok", f"{host} takes the app's key")
    finally:
        client.close()


def _unusable(error: TikTokUnreachable, host: str) -> CheckResult:
    if error.http_status is None:
        hint = f"may this machine reach {host} by https? Is TIKTOK_API_URL right?"
        return CheckResult("tiktok", "failed", f"{host} cannot be reached: {error.message}", hint)
    if error.code or error.http_status >= 500:
        return CheckResult("tiktok", "failed", f"{host} has trouble of its own: {error}", "try again later")
    message = f"the answer of {host} is not TikTok's (HTTP {error.http_status})"
    return CheckResult(
        "tiktok", "failed", message, "is TIKTOK_API_URL right, or does a proxy or a captive portal answer?"
    )

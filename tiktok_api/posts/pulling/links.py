"""The URLs under which TikTok fetches the photos of an attempt: signed with a key of this server's, so that none is stored."""

import hmac
from uuid import UUID

from tiktok_api.settings import Settings

PULL_PATH = "/pull"
NOT_FETCHABLE = "public_url_not_https"
_PURPOSE = "pull"
_ID_LENGTH = 32


def can_be_fetched(settings: Settings) -> bool:
    """Returns True if TikTok may fetch from PUBLIC_URL: by https, or where TIKTOK_ALLOW_HTTP says so from a simulator."""
    return settings.public_url.startswith("https://") or settings.tiktok_allow_http


def photo_urls(settings: Settings, attempt_id: UUID, count: int) -> list[str]:
    """Returns a URL under PUBLIC_URL for each of `count` photos of an attempt, in their order."""
    before = f"{settings.public_url}{PULL_PATH}/{attempt_id.hex}{_sign(settings, attempt_id)}"
    return [f"{before}/{position}" for position in range(count)]


def attempt_of(settings: Settings, token: str) -> UUID | None:
    """Returns the attempt that a URL's token is of; None: this server has not made it."""
    try:
        attempt_id = UUID(hex=token[:_ID_LENGTH])
    except ValueError:
        return None
    is_ours = hmac.compare_digest(token.encode(), f"{attempt_id.hex}{_sign(settings, attempt_id)}".encode())
    return attempt_id if is_ours else None


def _sign(settings: Settings, attempt_id: UUID) -> str:
    return hmac.digest(settings.derive_key(_PURPOSE), attempt_id.bytes, "sha256").hex()

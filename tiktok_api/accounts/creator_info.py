"""What a creator may choose for a post: asked of TikTok, and stored with the account for health, checks and the next post."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading, transaction
from tiktok_api.tiktok import CreatorCannotPost, CreatorInfo

LIFETIME = timedelta(seconds=60)
"""How old an answer may be that is shown to a client."""


@dataclass(frozen=True, slots=True)
class CreatorReading:
    """TikTok's answer, and when it was asked."""

    info: CreatorInfo
    captured_at: datetime


def fetch_creator_info(account_id: UUID, vault: TokenVault) -> CreatorReading:
    """Ask TikTok what the creator may choose now, and store the answer, a refusal too. Call it outside transactions.

    Raises what TokenVault raises, CreatorCannotPost, ScopeMissing, TikTokBusy, TikTokUnreachable.
    """
    asked_at = clock.now()
    end_reading()
    try:
        info = vault.call(account_id, vault.tiktok.fetch_creator_info)
    except CreatorCannotPost as error:
        _store(account_id, {"posting_refusal": error.code})
        raise
    _store(account_id, {"creator_info": asdict(info), "creator_info_at": asked_at, "posting_refusal": None})
    return CreatorReading(info, asked_at)


def recent_creator_info(account: Account, vault: TokenVault) -> CreatorReading:
    """Returns an answer that is at most a minute old, if need be by asking TikTok. Raises what `fetch_creator_info` does."""
    last = last_creator_info(account)
    if last is not None and clock.now() - last.captured_at < LIFETIME:
        return last
    return read_creator_info(account.id, vault)


def read_creator_info(account_id: UUID, vault: TokenVault) -> CreatorReading:
    """As `fetch_creator_info`, for all but publishing, to which some of TikTok's calls are left. Raises TikTokBusy."""
    rate_limits.count_creator_info(account_id)
    return fetch_creator_info(account_id, vault)


def last_creator_info(account: Account) -> CreatorReading | None:
    """Returns TikTok's last answer about this creator, however old; None if TikTok was never asked."""
    if account.creator_info is None or account.creator_info_at is None:
        return None
    facts = account.creator_info | {"privacy_level_options": tuple(account.creator_info["privacy_level_options"])}
    return CreatorReading(CreatorInfo(**facts), account.creator_info_at)


def _store(account_id: UUID, values: dict[str, Any]) -> None:
    with transaction() as session:
        session.execute(update(Account).where(Account.id == account_id).values(values))

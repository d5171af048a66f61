"""What several creators may choose now: TikTok is asked of all at once, within seconds; else what it said last stands in."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.accounts.creator_info import LIFETIME, CreatorReading, last_creator_info, read_creator_info
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import PUBLISHING_SCOPE, Account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading
from tiktok_api.errors import NotFound
from tiktok_api.extensions import in_own_context
from tiktok_api.posts.preflight.rules import Basis
from tiktok_api.tiktok import CreatorCannotPost, TikTokError

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 6.0
"""How long a request waits for TikTok, however many creators it asks about."""
MOST_AT_ONCE = 8
"""Questions of one process at a time: a TikTok that is silent holds these threads and no others."""


@dataclass(frozen=True, slots=True)
class CreatorAnswer:
    """What is known of a creator. `refusal` is TikTok's code where it says that the creator can post nothing now."""

    checked: Basis
    reading: CreatorReading | None = None
    refusal: str | None = None
    checked_at: datetime | None = None


def ask_creators(accounts: Iterable[Account], vault: TokenVault) -> dict[UUID, CreatorAnswer]:
    """Returns an answer for each account, by its id; the account keeps what TikTok says. Call it outside transactions.

    An account that TikTok cannot be asked about in time gets its last answer, and so does one whose calls of this minute are
    used up.
    """
    answers: dict[UUID, CreatorAnswer] = {}
    asked: dict[UUID, tuple[Account, Future[CreatorAnswer | None]]] = {}
    for account in accounts:
        if _is_recent(account):
            answers[account.id] = last_answer(account, Basis.LIVE)
        elif account.is_connected and PUBLISHING_SCOPE in account.scopes:
            asked[account.id] = account, _threads().submit(in_own_context(_ask), account, vault)
        else:
            answers[account.id] = last_answer(account)
    end_reading()
    wait([future for _, future in asked.values()], timeout=PATIENCE_SECONDS)
    for account_id, (account, future) in asked.items():
        future.cancel()  # one that waits for a thread; one that runs goes on, and its answer is kept for the next request
        is_answered = future.done() and not future.cancelled()
        answers[account_id] = (future.result() if is_answered else None) or last_answer(account)
    return answers


def last_answer(account: Account, checked: Basis = Basis.CACHED) -> CreatorAnswer:
    """Returns what TikTok said last of a creator."""
    last = last_creator_info(account)
    if last is None and account.posting_refusal is None:
        return CreatorAnswer(Basis.NOT_CHECKED)
    return CreatorAnswer(checked, last, account.posting_refusal, last.captured_at if last else None)


def _is_recent(account: Account) -> bool:
    """Returns True if TikTok was asked within the last minute. A refusal has no time: it is asked about again."""
    last = last_creator_info(account)
    return account.posting_refusal is None and last is not None and clock.now() - last.captured_at < LIFETIME


def _ask(account: Account, vault: TokenVault) -> CreatorAnswer | None:
    """Returns TikTok's answer; None: it gave none."""
    try:
        reading = read_creator_info(account.id, vault)
    except CreatorCannotPost as error:
        return CreatorAnswer(Basis.LIVE, last_creator_info(account), error.code, clock.now())
    except (TikTokError, AccountNeedsReconnection, NotFound) as error:
        log.info("creator_info.not_asked", account=str(account.id), error=str(error))
        return None
    return CreatorAnswer(Basis.LIVE, reading, None, reading.captured_at)


@cache
def _threads() -> ThreadPoolExecutor:
    """The threads that ask, made when a process first needs them: it may be forked before."""
    return ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="creator-info")

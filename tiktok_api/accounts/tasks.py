"""The jobs of accounts: syncing, renewing tokens, revoking them, deleting what is old."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete

from tiktok_api import clock
from tiktok_api.accounts import creator_info, disconnection, rate_limits, services, tokens
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import PUBLISHING_SCOPE, Account, Connection, Revocation
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, daily, task
from tiktok_api.settings import Settings
from tiktok_api.tiktok import CreatorCannotPost, NoUsableToken, TikTokBusy, TikTokError, TikTokUnreachable

log = structlog.get_logger(__name__)

CONNECTIONS_KEPT = timedelta(days=7)
_RETRY_SECONDS = 60.0
_REFUSED_PAUSE = timedelta(minutes=10)


@task(services.SYNC, lane=Lane.SYNC)
def sync_account(job: ClaimedJob, *, vault: TokenVault, settings: Settings) -> RunAgain | None:
    """Read an account from TikTok; again before its data are older than SYNC_SECONDS."""
    period = timedelta(seconds=settings.sync_seconds)

    def sync(account_id: UUID) -> datetime:
        captured_at = clock.now()
        _read(account_id, captured_at, vault)
        return captured_at + period

    return _unless_gone(job, sync, longest=period)


@task(tokens.RENEW, lane=Lane.RENEW)
def renew_tokens(job: ClaimedJob, *, vault: TokenVault) -> RunAgain | None:
    """Renew an account's tokens long before they expire, so that an outage at TikTok costs no account."""
    return _unless_gone(job, vault.renew_early, longest=_REFUSED_PAUSE)


def _unless_gone(job: ClaimedJob, act: Callable[[UUID], datetime], *, longest: timedelta) -> RunAgain | None:
    """Run again when `act` says, or soon if TikTok gave no answer.

    A deleted account and one that must be connected again end the job; connecting enqueues a new one. An account whose
    tokens cannot be decrypted is tried again: its key may be put back.
    """
    account_id = job.subject
    if account_id is None:
        return None
    try:
        return RunAgain(act(account_id))
    except (AccountNeedsReconnection, NotFound):
        if not services.has_unreadable_tokens(account_id):
            return None
        pause = longest
    except NoUsableToken as error:  # each try may cost a renewal: not every minute
        log.warning("account.no_usable_token", account=str(account_id), kind=job.kind, error=str(error))
        pause = _REFUSED_PAUSE
    except (TikTokUnreachable, TikTokBusy) as error:
        log.warning("account.postponed", account=str(account_id), kind=job.kind, error=str(error))
        pause = timedelta(seconds=getattr(error, "retry_after", _RETRY_SECONDS))
    except TikTokError as error:
        log.warning("account.refused", account=str(account_id), kind=job.kind, error=str(error))
        pause = _REFUSED_PAUSE
    return RunAgain(clock.now() + min(pause, longest))


def _read(account_id: UUID, captured_at: datetime, vault: TokenVault) -> None:
    account = services.load_account(account_id)
    if account is None:
        raise NotFound
    scopes = tuple(account.scopes)
    end_reading()
    info = vault.read(account_id, AppCall.USER_INFO, lambda token: vault.tiktok.fetch_user_info(token, scopes=scopes))
    with transaction() as session:
        account = session.get(Account, account_id, with_for_update=True)
        if account is not None:
            services.store_profile(account, info, captured_at=captured_at)
    if PUBLISHING_SCOPE in scopes:
        try:
            creator_info.read_creator_info(account_id, vault)
        except CreatorCannotPost as error:  # a cap or a ban: stored, and found by publishing when it asks
            log.info("account.cannot_post", account=str(account_id), code=error.code)


@task(disconnection.REVOKE, lane=Lane.RENEW, most_failures=40)
def revoke_tokens(job: ClaimedJob, *, vault: TokenVault) -> None:
    """Revoke the tokens of a deleted account; while TikTok is unreachable, after growing pauses for more than a day."""
    if job.subject is not None:
        disconnection.revoke(job.subject, vault)


@task("accounts.sweep", lane=Lane.SYNC, every=daily)
def sweep_connections(job: ClaimedJob) -> None:
    """Delete connections that ended a week ago, tokens that TikTok could not be made to revoke for as long, old budgets."""
    a_week_ago = clock.now() - CONNECTIONS_KEPT
    with transaction() as session:
        session.execute(delete(Connection).where(Connection.expires_at < a_week_ago))
        rate_limits.sweep_budgets()
        session.execute(delete(Revocation).where(Revocation.created_at < a_week_ago))

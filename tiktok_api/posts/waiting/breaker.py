"""The circuit breaker of an account: after TikTok's word of a ban or of spam its other posts are held, not sent one by one.

The circuit opens with a publication that failed for such a reason. After a while a job asks TikTok (creator_info, which takes no
init) whether the creator may post again: then the circuit closes, and what was held goes out in the order of its times, as far
as it is not too late by then. A person may reset it before, or try the failed post again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.creator_info import fetch_creator_info
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.services import get_account, owner_for_jobs
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.posts.limits import CIRCUIT_OPEN, LimitKind, delete_limit, find_limit, store_limit
from tiktok_api.posts.models import Publication
from tiktok_api.posts.publishing.transitions import enqueue_in_order
from tiktok_api.posts.states import PublicationState
from tiktok_api.tiktok import BAN_CODES, CreatorCannotPost, ScopeMissing, TikTokError

PROBE = "posts.probe_account"
"""The kind of the job that asks TikTok whether an account may post again."""
PAUSES = {"spam_risk_user_banned_from_posting": timedelta(hours=24), "spam_risk": timedelta(hours=6)}
"""How long nothing is sent before TikTok is asked; it publishes no figure for either."""
_UNHEARD = timedelta(minutes=10)
_HEAD_START = timedelta(minutes=2)


def open_after(publication: Publication, change: Any = None) -> None:
    """Open the circuit of an account whose publication failed for a ban or for spam; a listener."""
    if publication.account_id is not None and publication.reason in BAN_CODES:
        _open(publication.account_id, publication.reason)


def _open(account_id: UUID, reason: str) -> datetime:
    until = clock.now() + PAUSES[reason]
    store_limit(account_id, LimitKind.CIRCUIT, reason=reason, until=until)
    queue.enqueue(
        PROBE, due_at=until, owner_id=owner_for_jobs(account_id), subject=account_id, unique_key=_probe_key(account_id)
    )
    return until


def _probe_key(account_id: UUID) -> str:
    return f"{PROBE}:{account_id}"


def reset(caller: Identity, account_id: UUID) -> None:
    """Close the circuit because a person says so; closed already, nothing changes. Raises NotFound."""
    account = get_account(caller, account_id, to_change=True)
    if close(account.id):
        audit.record(caller, "account.circuit_reset", subject_id=account.id)


def close(account_id: UUID, *, head_start: timedelta = timedelta(0)) -> bool:
    """Close a circuit, and let what it held look again in the order of its times. Returns False if it was closed already.

    The circuit is locked before its job, as where it is opened. `head_start` is for what goes out before those.
    """
    if not delete_limit(account_id, LimitKind.CIRCUIT):
        return False
    queue.cancel(_probe_key(account_id))
    held = select(Publication.id).where(
        Publication.account_id == account_id,
        Publication.state == PublicationState.HELD,
        Publication.reason == CIRCUIT_OPEN,
    )
    enqueue_in_order(db.session.scalars(held.order_by(Publication.wanted_at, Publication.id)), clock.now() + head_start)
    return True


def try_again(publications: Iterable[Publication]) -> None:
    """Close the circuits of accounts on which a person tries again what has failed: the same refusal opens them again.

    What they held looks again a little later, so that this one goes first and tells whether the others may follow.
    """
    for account_id in sorted({each.account_id for each in publications if each.account_id}):
        close(account_id, head_start=_HEAD_START)


def is_due(account_id: UUID) -> datetime | bool:
    """Returns True if TikTok is to be asked now, else when; False: the circuit is closed."""
    circuit = find_limit(account_id, LimitKind.CIRCUIT)
    if circuit is None:  # pragma: no cover - closed between the claim of the job and this look
        return False
    return circuit.until if circuit.until > clock.now() else True


def ask(account_id: UUID, vault: TokenVault) -> str | timedelta | None:
    """Ask TikTok whether the creator may post. Returns its refusal, or a pause where it could not be asked; None: yes.

    Call it outside transactions. A cap is no refusal of that kind, and an account without the scope cannot be asked at all.
    """
    try:
        fetch_creator_info(account_id, vault)
    except CreatorCannotPost as error:
        return error.code if error.code in BAN_CODES else None
    except ScopeMissing:
        return None
    except (TikTokError, AccountNeedsReconnection):
        return _UNHEARD
    return None


def record_answer(account_id: UUID, answer: str | timedelta | None) -> datetime | None:
    """Close the circuit, or keep it open. Returns when to ask again; call it inside a transaction."""
    circuit = find_limit(account_id, LimitKind.CIRCUIT)
    if circuit is None:  # pragma: no cover - a person closed it while TikTok was asked
        return None
    if answer is None:
        close(account_id)
        return None
    if isinstance(answer, str):
        return _open(account_id, answer)
    until = clock.now() + answer
    store_limit(account_id, LimitKind.CIRCUIT, reason=circuit.reason, until=until)
    return until

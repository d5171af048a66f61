"""The health of an account: whether it can post, and what keeps it from posting, by what is stored here."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from tiktok_api import clock
from tiktok_api.accounts.creator_info import last_creator_info
from tiktok_api.accounts.models import PUBLISHING_SCOPE, SCOPES, Account, AccountStatus
from tiktok_api.db.reads import Given, is_one_of, reading
from tiktok_api.posts.limits import CIRCUIT_OPEN, LimitKind, PostingLimit
from tiktok_api.posts.models import LATE, Publication
from tiktok_api.posts.preflight.grants import GRANT_EXPIRED, NEEDS_RECONNECTION, SCOPE_MISSING
from tiktok_api.posts.states import UNFINISHED, PublicationState

_HELD_FOR_IT = "A post of this account is held for this reason."
_HELD = {
    CIRCUIT_OPEN: "TikTok has banned it or calls its posts spam: nothing is sent until TikTok or a person says so."
}


@reading
def _unfinished(given: Given) -> Select[Any]:
    """The unfinished publications of an account, counted by state and reason."""
    shown: Sequence[Any] = (Publication.state, Publication.reason)
    mine = (Publication.account_id == given["account_id"], is_one_of(Publication.state, UNFINISHED))
    counted = select(*shown, func.count().label("count"))
    return counted.where(*mine).group_by(*shown).order_by(*shown)


@reading
def _circuit(given: Given) -> Select[Any]:
    """The open circuit of an account."""
    limit = PostingLimit
    shown: Sequence[Any] = (limit.reason, limit.since.label("opened_at"), limit.until.label("asked_again_at"))
    return select(*shown).where(limit.account_id == given["account_id"], limit.kind == given["kind"])


def health_of(account: Account) -> dict[str, Any]:
    """Returns whether an account can post, and every reason why not, by what is stored here: TikTok is not asked."""
    unfinished = _unfinished.all(account_id=account.id)
    held = [row for row in unfinished if row.state == PublicationState.HELD]
    circuit = _circuit.first(account_id=account.id, kind=LimitKind.CIRCUIT)
    reasons = _reasons(account, [*([CIRCUIT_OPEN] if circuit else []), *(row.reason for row in held)])
    creator = last_creator_info(account)
    return {
        "account_id": account.id,
        "status": account.status,
        "can_post": not reasons,
        "reasons": reasons,
        "needs_reconnection": not account.is_connected or account.refresh_expires_at <= clock.now(),
        "access_expires_at": account.access_expires_at,
        "reconnect_before": account.refresh_expires_at,
        "scopes": account.scopes,
        "missing_scopes": [scope for scope in SCOPES if scope not in account.scopes],
        "creator_info_at": creator.captured_at if creator else None,
        "synced_at": account.synced_at,
        "circuit": circuit,
        "held_publications": sum(row.count for row in held),
        "unfinished_publications": sum(row.count for row in unfinished),
    }


def _reasons(account: Account, held_for: Iterable[str | None]) -> list[dict[str, str]]:
    found, why = [], account.status_reason or account.status
    if not account.is_connected:
        found.append(_reason(NEEDS_RECONNECTION, f"TikTok no longer lets us act for it ({why}): connect it again."))
    if account.status is AccountStatus.ERROR:
        found.append(
            _reason(why, "Its tokens cannot be read with any key of this server; connecting it again mends that.")
        )
    if account.refresh_expires_at <= clock.now():
        found.append(_reason(GRANT_EXPIRED, "The authorisation has run out: connect it again."))
    if PUBLISHING_SCOPE not in account.scopes:
        found.append(_reason(SCOPE_MISSING, f"{PUBLISHING_SCOPE} was not granted: connect it again with that scope."))
    if account.posting_refusal is not None:
        found.append(
            _reason(account.posting_refusal, "TikTok lets this creator post nothing now; so it said when asked last.")
        )
    for reason in held_for:
        is_about_account = reason is not None and reason != LATE  # that one is about the post
        if is_about_account and reason not in [each["code"] for each in found]:
            found.append(_reason(str(reason), _HELD.get(str(reason), _HELD_FOR_IT)))
    return found


def _reason(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}

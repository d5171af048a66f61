"""What TikTok's words mean for a publication: what is over, what may be tried again, what must wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.tiktok import (
    AccessRevoked,
    CreatorCannotPost,
    NoUsableToken,
    PublishState,
    PublishStatus,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokRefusal,
)

RETRYABLE_REASONS = frozenset({"internal", "video_pull_failed", "photo_pull_failed"})
CAP_REASONS = frozenset({"spam_risk_too_many_posts"})
UNAUDITED = "unaudited_client_can_only_post_to_private_accounts"
HOLD_PAUSE = timedelta(hours=1)
LONGEST_BUSY_SECONDS = 600.0
"""TikTok's window is a minute and it documents no Retry-After: a gateway's whim of an hour is not obeyed for longer."""


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is decided; try again then."""

    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Something outside must change first; it is shown, and looked at again then."""

    reason: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is wrong: something of ours comes first. It is looked at again `look_again_at`, and expected at `at`."""

    at: datetime
    reason: str
    look_again_at: datetime


@dataclass(frozen=True, slots=True)
class AskPerson:
    """It is too late to go out by itself: a person publishes, schedules or cancels it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It is too late, and its person wants it in time or not at all."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Over: trying again as it is would fail again."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """TikTok could not be asked. That says nothing about the attempt: it must not end for it."""

    setback: Later | Hold


@dataclass(frozen=True, slots=True)
class Retry:
    """TikTok ended this attempt for a reason of its own; another one may be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """It is on TikTok; `post_ids` may come later, or never where few may see it."""

    post_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InInbox:
    """The person has it in their inbox and finishes it there."""


@dataclass(frozen=True, slots=True)
class Pending:
    """TikTok is still at it, or says something we do not know."""

    is_uploading: bool
    uploaded_bytes: int | None
    reason: str | None = None


Obstacle = Wait | AskPerson | Skip | Fail
Verdict = Published | InInbox | Pending | Fail | Retry | Hold


def of_status(status: PublishStatus, now: datetime) -> Verdict:
    """What a status means; a word that TikTok has added since is not an end."""
    if status.status == PublishState.PUBLISH_COMPLETE:
        return Published(status.post_ids)
    if status.status == PublishState.SEND_TO_USER_INBOX:
        return InInbox()
    if status.status == PublishState.FAILED:
        return of_fail_reason(status.fail_reason or "unknown", now)
    return Pending(status.status == PublishState.PROCESSING_UPLOAD, status.uploaded_bytes)


def of_fail_reason(reason: str, now: datetime) -> Verdict:
    """What a fail_reason means; one that we do not know is final, because guessing could post twice."""
    if reason in RETRYABLE_REASONS:
        return Retry(reason)
    if reason in CAP_REASONS:
        return Hold(reason, "TikTok's daily cap for this creator is reached.", now + HOLD_PAUSE)
    return Fail(reason, f"TikTok refused it: {reason}.")


def of_error(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Later | Hold | Fail:
    """What an error before the first byte means: a cap or a lost authorisation holds, and only a refusal fails.

    AccountNeedsReconnection is TikTok's word that the grant has ended. A token that it rejects is not: that backs off.
    """
    if isinstance(error, TikTokBusy):
        return Later(now + timedelta(seconds=min(error.retry_after, LONGEST_BUSY_SECONDS)), "tiktok_busy")
    if isinstance(error, NoUsableToken | AccessRevoked):
        return Later(now + pause, "token_not_accepted")
    if isinstance(error, AccountNeedsReconnection):
        return Hold("account_needs_reconnection", error.detail, now + HOLD_PAUSE)
    if isinstance(error, ScopeMissing):
        message = "The account did not grant what publishing needs; connect it again with that scope."
        return Hold("scope_missing", message, now + HOLD_PAUSE)
    if isinstance(error, CreatorCannotPost) and error.is_cap:
        return Hold(error.code or "cap_reached", "TikTok's cap is reached; it reopens by itself.", now + HOLD_PAUSE)
    if isinstance(error, TikTokRefusal):
        if error.code == UNAUDITED:
            message = "Until TikTok has audited this app, it can only post to private accounts."
            return Hold("app_unaudited", message, now + HOLD_PAUSE)
        return Fail(error.code or "refused", error.message)
    return Later(now + pause, "tiktok_unreachable")


def of_question(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Later | Hold | Fail:
    """What it means when a question about the creator is refused: it says nothing of the post, so it cannot fail it.

    What TikTok says of the creator counts: a cap, a ban, a lost scope.
    """
    meaning = of_error(error, now, pause)
    if isinstance(meaning, Fail) and not isinstance(error, CreatorCannotPost):
        return Later(now + pause, "tiktok_refused")
    return meaning


def of_poll(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Later | Hold:
    """Why a status could not be had: it is asked for again as polls are, unless the account must come back first."""
    meaning = of_error(error, now, pause)
    if isinstance(error, AccountNeedsReconnection) and isinstance(meaning, Hold):
        return meaning
    at = meaning.at if isinstance(meaning, Later) else now + pause
    return Later(at, meaning.reason)

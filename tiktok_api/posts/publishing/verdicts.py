"""The results of steps: what TikTok's words, its errors and our own rules mean for a publication.

A step returns one `Result`; `record` writes it down and dispatches by its type. Functions here translate what TikTok says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.jobs.backoff import backoff
from tiktok_api.tiktok import (
    AccessRevoked,
    ChunkPlan,
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
FAILED_EARLY = RETRYABLE_REASONS | {"auth_removed"}
"""TikTok's reasons of a failure before it had all bytes; an attempt that ended then for any other reason was given up by us."""
CAP_REASONS = frozenset({"spam_risk_too_many_posts"})
APP_UNAUDITED = "app_unaudited"
"""The reason of what is held until TikTok has audited the app."""
UNVERIFIED = "url_ownership_unverified"
UNAUDITED = "unaudited_client_can_only_post_to_private_accounts"
HOLD_PAUSE = timedelta(hours=1)
SHORTEST_PAUSE = timedelta(seconds=1)
"""Before the next look where nothing stands in the way any more."""
_LONGEST_PAUSE_SECONDS = 600.0
LONGEST_BUSY_SECONDS = 600.0
"""TikTok's window is a minute and it documents no Retry-After: a gateway that asks for an hour is not obeyed for longer."""


# Setbacks: no step could be taken. An attempt that is OPEN stays OPEN.


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is decided: try again at `at`. `uploaded_bytes` is what TikTok has, where it expects another chunk."""

    at: datetime
    reason: str | None = None
    uploaded_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Something outside must change first: show it, and look again at `at`."""

    reason: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fail:
    """Over: trying again as it is would fail again."""

    reason: str
    detail: str


Setback = Later | Hold | Fail


# Obstacles: something of ours keeps what is due from going out. No attempt is alive.


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is wrong, but something else comes first. Look again at `look_again_at`; expected to go out at `at`."""

    at: datetime
    reason: str
    look_again_at: datetime


@dataclass(frozen=True, slots=True)
class AskPerson:
    """It is too late to go out by itself: a person publishes, schedules or cancels it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It is too late, and its person wants it in time or not at all."""


Obstacle = Wait | AskPerson | Skip | Later | Hold | Fail


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The account was disconnected: nothing more can be sent for it, nor asked."""


# Progress: the step was taken.


@dataclass(frozen=True, slots=True)
class Checked:
    """TikTok would take the post now; `plan` is how the video will be cut, None for photos."""

    plan: ChunkPlan | None


@dataclass(frozen=True, slots=True)
class AttemptOpened:
    """TikTok gave a publish_id and, for a video, an upload URL, which is encrypted already."""

    publish_id: str
    log_id: str | None
    upload_url_encrypted: bytes | None


@dataclass(frozen=True, slots=True)
class AttemptNotOpened:
    """The init failed: we know of no publish_id, so no byte was sent. `log_id` is TikTok's own, for its support."""

    setback: Setback
    log_id: str | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """TikTok has `uploaded_bytes` of an upload that an earlier run began."""

    uploaded_bytes: int


@dataclass(frozen=True, slots=True)
class ChunkSent:
    """TikTok took a chunk that is not the last, and now has `uploaded_bytes`."""

    uploaded_bytes: int


@dataclass(frozen=True, slots=True)
class LastChunkLeaves:
    """Only the last chunk is missing. Once this is recorded, the post may go live and cancelling is too late."""


Progress = Checked | AttemptOpened | Adopted | ChunkSent | LastChunkLeaves


# What TikTok says of a publish_id.


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """The last chunk may have left, and TikTok has not decided or could not be asked: poll, `not_before` that time."""

    reason: str | None = None
    not_before: datetime | None = None
    is_acknowledged: bool = False
    is_url_dead: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """It is on TikTok; `post_ids` may come later, or never where few may see it."""

    post_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InInbox:
    """The person has it in their inbox and finishes it there."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt is over for a reason that says nothing of the post; another one may be made."""

    reason: str


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """TikTok ended the attempt, or its upload URL lapsed before the last chunk."""

    outcome: Fail | Hold | Retry


Verdict = Published | InInbox | AttemptEnded


@dataclass(frozen=True, slots=True)
class Processing:
    """TikTok is still at it, or says something we do not know. Steps turn this into one of the results."""

    is_uploading: bool
    uploaded_bytes: int | None


@dataclass(frozen=True, slots=True)
class NothingNew:
    """TikTok told nothing more of what has arrived, or could not be asked."""


Result = Setback | Obstacle | Disconnected | AttemptNotOpened | Progress | Undecided | Verdict | NothingNew


def pause_after(retry_count: int, *, first_seconds: float) -> timedelta:
    """Returns how long to wait after a setback: doubled with each one in a row, up to 10 minutes."""
    return timedelta(seconds=backoff(retry_count, first=first_seconds, longest=_LONGEST_PAUSE_SECONDS))


def of_status(status: PublishStatus, now: datetime) -> Verdict | Processing:
    """What a status means; a word that TikTok has added since is not an end."""
    if status.status == PublishState.PUBLISH_COMPLETE:
        return Published(status.post_ids)
    if status.status == PublishState.SEND_TO_USER_INBOX:
        return InInbox()
    if status.status == PublishState.FAILED:
        return AttemptEnded(of_fail_reason(status.fail_reason or "unknown", now))
    return Processing(status.status == PublishState.PROCESSING_UPLOAD, status.uploaded_bytes)


def of_fail_reason(reason: str, now: datetime) -> Fail | Hold | Retry:
    """What a fail_reason means; one that we do not know is final, because guessing could post twice."""
    if reason in RETRYABLE_REASONS:
        return Retry(reason)
    if reason in CAP_REASONS:
        return Hold(reason, "TikTok's daily cap for this creator is reached.", now + HOLD_PAUSE)
    return Fail(reason, f"TikTok refused it: {reason}.")


def of_error(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Setback:
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
            return Hold(APP_UNAUDITED, message, now + HOLD_PAUSE)
        if error.code == UNVERIFIED:
            message = "TikTok's portal does not know PUBLIC_URL as this app's: the operator verifies it there."
            return Hold(UNVERIFIED, message, now + HOLD_PAUSE)
        return Fail(error.code or "refused", error.message)
    return Later(now + pause, "tiktok_unreachable")


def of_question(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Setback:
    """What it means when a question about the creator is refused: it says nothing of the post, so it cannot fail it.

    What TikTok says of the creator counts: a cap, a ban, a lost scope.
    """
    meaning = of_error(error, now, pause)
    if isinstance(meaning, Fail) and not isinstance(error, CreatorCannotPost):
        return Later(now + pause, "tiktok_refused")
    return meaning


def of_poll(error: TikTokError | AccountNeedsReconnection, now: datetime, pause: timedelta) -> Later | Hold:
    """What it means when TikTok does not tell a status: ask again, unless the account must be connected again first.

    That says nothing about the attempt, which must not end for it.
    """
    meaning = of_error(error, now, pause)
    if isinstance(error, AccountNeedsReconnection) and isinstance(meaning, Hold):
        return meaning
    at = meaning.at if isinstance(meaning, Later) else now + pause
    return Later(at, meaning.reason)

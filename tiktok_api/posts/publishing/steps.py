"""The steps of publishing: which one comes next, and what each does outside any transaction.

`next_step` is pure: it decides by the claimed publication and the time alone. A step only makes calls; `record` writes down
the result. What a crash after each step means is told in this package's docstring.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import structlog

from tiktok_api import clock
from tiktok_api.accounts.creator_info import fetch_creator_info
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.jobs.registry import RunAgain
from tiktok_api.media.services import is_stored
from tiktok_api.posts.models import URL_EXPIRED, Attempt
from tiktok_api.posts.preflight.rules import check_against_creator, check_media
from tiktok_api.posts.publishing import calls, verdicts
from tiktok_api.posts.publishing.calls import PublishingServices
from tiktok_api.posts.publishing.claims import ClaimedPublication
from tiktok_api.posts.publishing.content import content_for
from tiktok_api.posts.pulling import links
from tiktok_api.posts.states import AttemptState
from tiktok_api.posts.waiting.pending_media import explain
from tiktok_api.storage.errors import StorageError, StorageMissing
from tiktok_api.tiktok import (
    AccessTokenInvalid,
    TikTokError,
    TikTokRefusal,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
    plan_chunks,
)

log = structlog.get_logger(__name__)

_CONTENT_MISSING = verdicts.Fail("media_content_missing", "The file is no longer in storage.")


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One step. It commits nothing: if the worker dies in it, only what was recorded before counts."""

    @abstractmethod
    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        """Make the step's calls; returns what came of them. Raises NotFound when the account was deleted meanwhile."""


def next_step(claimed: ClaimedPublication, now: datetime) -> Step | RunAgain | None:
    """Returns the step that a publication is ready for, or when to come back; None: nothing is left to do."""
    state, attempt = claimed.publication.state, claimed.attempt
    if claimed.publication.account_id is None:
        return RecordOnly(verdicts.Disconnected())
    if state.is_followed:
        return Follow() if claimed.is_worth_following(now) else None
    if attempt is None:
        if not state.is_cancellable:
            return None
        if (at := claimed.waits_until(now)) is not None or state.is_waiting_for_its_time:
            return RunAgain(at or now)  # its time may have come since the claim, which prepares what is due
        return RecordOnly(claimed.obstacle) if claimed.obstacle is not None else Check()
    if attempt.state is AttemptState.INTENT:
        return Init()
    if attempt.state is AttemptState.FINAL:
        return Poll() if claimed.is_adopted else SendLastChunk()
    if claimed.is_adopted:
        return AskHowFar()
    if attempt.is_url_lapsed(now):  # the commit point must not be passed for a chunk that cannot arrive
        return RecordOnly(verdicts.AttemptEnded(verdicts.Retry(URL_EXPIRED)))
    next_chunk, last = claimed.plan.next_chunk(attempt.uploaded_bytes), claimed.plan.total_chunk_count - 1
    return SendChunk(next_chunk) if next_chunk < last else RecordOnly(verdicts.LastChunkLeaves())


@dataclass(frozen=True, slots=True)
class RecordOnly(Step):
    """Nothing is to be asked: the result is known."""

    result: verdicts.Result

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        return self.result


class Check(Step):
    """Hold the post against what TikTok would refuse, asked live; the inbox takes anything, the person decides there."""

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        try:
            refusal = self._find_refusal(claimed, services)
        except StorageError:
            return calls.storage_trouble(claimed, services)
        except (TikTokError, AccountNeedsReconnection) as error:
            return verdicts.of_question(error, clock.now(), calls.pause(claimed, services))
        if refusal is not None or claimed.is_fetched:
            return refusal or verdicts.Checked(None)
        # The size has just been compared with what is stored.
        return verdicts.Checked(plan_chunks(cast(int, claimed.video.size_bytes)))

    def _find_refusal(
        self, claimed: ClaimedPublication, services: PublishingServices
    ) -> verdicts.Fail | verdicts.Hold | None:
        media = claimed.media
        if problems := check_media(claimed.post, media):
            return verdicts.Fail(*explain(problems, media))
        if not all(is_stored(services.storage, str(each.storage_key), cast(int, each.size_bytes)) for each in media):
            return _CONTENT_MISSING
        if claimed.is_fetched and not links.can_be_fetched(services.settings):
            message = f"TikTok fetches photos by https from PUBLIC_URL, which is {services.settings.public_url}."
            return verdicts.Hold(links.NOT_FETCHABLE, message, clock.now() + verdicts.HOLD_PAUSE)
        if not claimed.post.is_direct:
            services.vault.usable_token(claimed.account_id)  # no attempt is spent on an account without one
            return None
        # The account keeps what TikTok says, a refusal too: for its health, and for the next post.
        creator = fetch_creator_info(claimed.account_id, services.vault).info
        findings = check_against_creator(claimed.post, claimed.publication, media[0], creator)
        return verdicts.Fail(*explain(findings, [])) if findings else None


class Init(Step):
    """Ask TikTok for a publish_id, for an attempt that is written down as INTENT: one try, never repeated.

    With a token that TikTok rejects, too: the next attempt is made with the renewed one.
    """

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        token, pause = "", calls.pause(claimed, services)
        try:
            token = services.vault.usable_token(claimed.account_id)
            return self._init(claimed, token, services)
        except AccessTokenInvalid:
            try:
                services.vault.renew(claimed.account_id, token)
            except (TikTokError, AccountNeedsReconnection) as error:
                return _not_opened(error, pause)
            soon = pause if claimed.publication.retry_count else verdicts.SHORTEST_PAUSE
            return verdicts.AttemptNotOpened(verdicts.Later(clock.now() + soon, "token_renewed"))
        except (TikTokError, AccountNeedsReconnection) as error:
            return _not_opened(error, pause)

    def _init(self, claimed: ClaimedPublication, token: str, services: PublishingServices) -> verdicts.AttemptOpened:
        attempt, vault, content = claimed.living_attempt, services.vault, content_for(claimed.post, claimed.publication)
        if claimed.is_fetched:
            answer = vault.tiktok.init_photos(
                token,
                post_info=content.to_photo_info(),
                photo_urls=links.photo_urls(services.settings, attempt.id, len(claimed.media)),
                cover_index=content.photo_cover_index or 0,
                post_mode="DIRECT_POST" if claimed.post.is_direct else "MEDIA_UPLOAD",
                is_aigc=content.is_aigc,
            )
            return verdicts.AttemptOpened(answer.publish_id, answer.log_id, None)
        if claimed.post.is_direct:
            size = claimed.plan.video_size
            answer = vault.tiktok.init_video(token, post_info=content.to_video_info(), video_size=size)
        else:
            answer = vault.tiktok.init_inbox_video(token, video_size=claimed.plan.video_size)
        encrypted = vault.encryptor.encrypt(answer.upload_url or "", Attempt.upload_url_encrypted, attempt.id)
        return verdicts.AttemptOpened(answer.publish_id, answer.log_id, encrypted)


class AskHowFar(Step):
    """Ask how much TikTok has of an upload that an earlier run began, or whether it has given up photos unfetched.

    Nothing that goes wrong here leads back to init.
    """

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        attempt = claimed.living_attempt
        try:
            status = calls.fetch_status(claimed, attempt.publish_id or "", services)
        except TikTokRefusal as error:  # and the last byte has not left
            return verdicts.AttemptEnded(verdicts.Retry(error.code or "publish_id_unknown"))
        except (TikTokError, AccountNeedsReconnection) as error:
            return verdicts.of_poll(error, clock.now(), calls.pause(claimed, services))
        verdict = verdicts.of_status(status, clock.now())
        if not isinstance(verdict, verdicts.Processing):
            return verdict
        if attempt.is_url_lapsed(clock.now()):
            return verdicts.AttemptEnded(verdicts.Retry(_lapsed(claimed)))
        if claimed.is_fetched:
            return verdicts.Adopted(0)
        # TikTok leaves out what is empty, and at times more than that: then what it acknowledged counts.
        return verdicts.Adopted(attempt.uploaded_bytes if verdict.uploaded_bytes is None else verdict.uploaded_bytes)


@dataclass(frozen=True, slots=True)
class SendChunk(Step):
    """Send a chunk whose arrival decides nothing: it is not the last one."""

    index: int

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        try:
            calls.put_chunk(claimed, self.index, services)
        except StorageMissing:
            return verdicts.AttemptEnded(_CONTENT_MISSING)
        except StorageError:
            return calls.storage_trouble(claimed, services)
        except UploadOutOfStep as error:
            return verdicts.Later(clock.now() + verdicts.SHORTEST_PAUSE, "upload_out_of_step", error.uploaded_bytes)
        except (UploadUrlExpired, UploadUnknown, UploadRejected) as error:
            return verdicts.AttemptEnded(verdicts.Retry(error.code or "upload_refused"))
        except TikTokError as error:
            meaning = verdicts.of_error(error, clock.now(), calls.pause(claimed, services))
            return verdicts.AttemptEnded(meaning) if isinstance(meaning, verdicts.Fail) else meaning
        return verdicts.ChunkSent(claimed.plan.chunk(self.index)[1] + 1)


class SendLastChunk(Step):
    """Send the last chunk, right after the commit point was recorded; only a poll tells what came of it."""

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        return calls.send_from(claimed.plan.total_chunk_count - 1, claimed, services)


class Poll(Step):
    """Ask for the verdict. Nothing that goes wrong here leads back to init.

    The last chunk is sent again only to the same upload URL, and only if TikTok says that it still lacks it.
    """

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        attempt = claimed.living_attempt
        try:
            status = calls.fetch_status(claimed, attempt.publish_id or "", services)
        except TikTokRefusal as error:
            return verdicts.Undecided(reason=error.code or "publish_id_unknown")
        except (TikTokError, AccountNeedsReconnection) as error:
            unheard = verdicts.of_poll(error, clock.now(), calls.pause(claimed, services))
            return verdicts.Undecided(reason=unheard.reason, not_before=unheard.at)
        verdict = verdicts.of_status(status, clock.now())
        if not isinstance(verdict, verdicts.Processing):
            return verdict
        may_send_again = not (attempt.is_acknowledged or attempt.is_url_dead or attempt.is_url_lapsed(clock.now()))
        if claimed.is_fetched or not (verdict.is_uploading and may_send_again):
            return verdicts.Undecided()
        last, uploaded = claimed.plan.total_chunk_count - 1, verdict.uploaded_bytes
        return calls.send_from(last if uploaded is None else claimed.plan.next_chunk(uploaded), claimed, services)


class Follow(Step):
    """After the verdict: learn the post's id, or what became of a draft in the inbox."""

    def perform(self, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Result:
        try:
            status = calls.fetch_status(claimed, claimed.publication.publish_id or "", services)
        except (TikTokError, AccountNeedsReconnection):
            return verdicts.NothingNew()
        verdict = verdicts.of_status(status, clock.now())
        return verdict if isinstance(verdict, verdicts.Published) else verdicts.NothingNew()


def _not_opened(error: TikTokError | AccountNeedsReconnection, pause: timedelta) -> verdicts.AttemptNotOpened:
    log_id = error.log_id if isinstance(error, TikTokError) else None
    return verdicts.AttemptNotOpened(verdicts.of_error(error, clock.now(), pause), log_id)


def _lapsed(claimed: ClaimedPublication) -> str:
    return "photos_not_fetched" if claimed.is_fetched else URL_EXPIRED

"""Bringing a publication to TikTok: at most once by us, and never dropped silently.

Each step leaves the house in three breaths: commit what we are about to do, do it, commit what came back. No transaction is
open while TikTok thinks. Two rules hold it together: no media byte leaves for an attempt whose publish_id is not
durable, and no new attempt starts until every earlier one is proven dead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.accounts import vault
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import Again, Ticket
from tiktok_api.media.services import read_bytes
from tiktok_api.posts import attempts, verdicts
from tiktok_api.posts.attempts import FencedOff, Work
from tiktok_api.posts.checking import check_against_creator
from tiktok_api.posts.models import AttemptState, PublicationState
from tiktok_api.posts.settling import Settler
from tiktok_api.posts.terms import is_direct, terms_of
from tiktok_api.sealing import Sealer
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import (
    AccessTokenInvalid,
    PublishStatus,
    PublishTicket,
    TikTokBusy,
    TikTokClient,
    TikTokError,
    TikTokRefusal,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
    plan_chunks,
)

log = structlog.get_logger(__name__)

UPLOAD_URL_LIFETIME = timedelta(hours=1)  # TikTok's direct-post page
_INITS_WINDOW = timedelta(minutes=1)
Setback = verdicts.Later | verdicts.Hold | verdicts.Fail
Answer = TypeVar("Answer")
GO_ON = object()
"""A step was taken; there is another."""

Outcome = Again | None | object


@dataclass(frozen=True, slots=True)
class Publisher:
    """Takes publications through their next steps, until they must wait or are done."""

    tiktok: TikTokClient
    sealer: Sealer
    storage: Storage
    settings: Settings
    settle: Settler

    def run(self, ticket: Ticket) -> Again | None:
        """As far as it goes now; when to come back, or None: nothing is left to do."""
        try:
            while True:
                with transaction():
                    work = attempts.look(ticket)
                outcome = self._step(work)
                if outcome is not GO_ON:
                    return outcome  # type: ignore[return-value]  # it is one of the other two
        except FencedOff:
            return None

    def _step(self, work: Work) -> Outcome:
        state, attempt = work.publication.state, work.attempt
        if state in (PublicationState.PUBLISHED, PublicationState.INBOX_DELIVERED):
            return self._follow(work)
        if attempt is None:
            return self._start(work) if state in _STARTABLE else None
        if attempt.state is AttemptState.OPEN:
            return self._upload(work)
        return self._poll(work)

    # 1 check, 2 intend, 3 init, 4 open

    def _start(self, work: Work) -> Outcome:
        now = clock.now()
        not_before = work.publication.next_try_at or work.post.publish_at
        if not_before is not None and not_before > now:
            return Again(not_before)
        with transaction():
            attempts.begin(work)
        try:
            refusal = self._check(work)
            token = self._token(work)
        except (TikTokError, AccountNeedsReconnection) as error:
            return self.settle.before_upload(work, self._meaning(work, error))
        if refusal is not None:
            return self.settle.before_upload(work, refusal)
        with transaction():
            intended = attempts.intend(work, plan_chunks(work.living_media.size_bytes or 0))
        if intended is None:
            return self.settle.before_upload(work, verdicts.Later(now + _INITS_WINDOW / 4, "inits_per_minute"))
        try:
            answer = self._init(intended, token)
        except TikTokError as error:
            return self.settle.failed_init(intended, self._after_init(work, error, token))
        with transaction():
            attempts.open_attempt(intended, answer, self.sealer)
        return GO_ON

    def _check(self, work: Work) -> verdicts.Fail | None:
        """What TikTok would refuse, asked live; the inbox takes anything, because the person decides there."""
        if work.media is None or not work.media.is_ready:
            return verdicts.Fail("media_not_ready", "The media is gone or was rejected.")
        if not is_direct(work.post):
            return None
        creator = self._authorised(work, self.tiktok.fetch_creator_info)
        findings = check_against_creator(work.post, work.publication, work.media, creator)
        if not findings:
            return None
        return verdicts.Fail(findings[0].code, " ".join(finding.message for finding in findings))

    def _init(self, work: Work, token: str) -> PublishTicket:
        """Ask TikTok for a publish_id: one try, never repeated by a retry layer."""
        size = work.living_attempt.video_size
        if is_direct(work.post):
            post_info = terms_of(work.post, work.publication).to_post_info()
            return self.tiktok.init_video(token, post_info=post_info, video_size=size)
        return self.tiktok.init_inbox_video(token, video_size=size)

    # 5 upload, 6 commit point, 7 last chunk

    def _upload(self, work: Work) -> Outcome:
        first_missing = 0
        if work.is_adopted:
            asked = self._ask(work)
            if not isinstance(asked, verdicts.Pending):
                return self._hear(work, asked)
            first_missing = work.plan.next_chunk(asked.uploaded_bytes)
        if self._url_is_over(work):
            return self.settle.ended(work, verdicts.Retry("upload_url_expired"))
        try:
            for index in range(first_missing, work.plan.total_chunk_count - 1):
                self._put(work, index)
                with transaction():
                    attempts.note_progress(work, work.plan.chunk(index)[1] + 1)
        except (UploadUrlExpired, UploadUnknown, UploadRejected) as error:
            return self.settle.ended(work, verdicts.Retry(error.code or "upload_refused"))
        except (UploadOutOfStep, TikTokBusy) as error:
            return Again(clock.now() + timedelta(seconds=getattr(error, "retry_after", 1.0)))
        except TikTokRefusal as error:
            return self.settle.ended(work, verdicts.Fail(error.code or "upload_refused", error.message))
        except TikTokError:
            return Again(clock.now() + self._pause(work))
        with transaction():
            final = attempts.pass_commit_point(work)
        self._send_rest(final, work.plan.total_chunk_count - 1)
        return Again(clock.now() + timedelta(seconds=self.settings.poll_min_seconds))

    def _put(self, work: Work, index: int) -> bool:
        """Send one chunk; True: TikTok has the whole file."""
        first, last = work.plan.chunk(index)
        media = work.living_media
        receipt = self.tiktok.put_chunk(
            self._upload_url(work),
            body=_pieces(lambda: read_bytes(self.storage, media, first, last)),
            first=first,
            last=last,
            total=work.plan.video_size,
            content_type=media.content_type or "video/mp4",
        )
        return receipt.is_complete

    def _send_rest(self, final: Work, first_missing: int) -> None:
        """Send what TikTok lacks of an attempt past its commit point; only a poll tells what came of it."""
        is_complete, is_url_dead = False, False
        try:
            for index in range(first_missing, final.plan.total_chunk_count):
                is_complete = self._put(final, index)
        except (UploadUrlExpired, UploadUnknown):
            is_url_dead = True
        except TikTokError as error:
            log.warning("publishing.last_chunk_unknown", publication=str(final.publication_id), error=str(error))
        with transaction():
            attempts.note_last_chunk(final, is_acknowledged=is_complete, is_url_dead=is_url_dead)

    # 8 poll, 9 verdict

    def _poll(self, work: Work) -> Outcome:
        asked = self._ask(work)
        if not isinstance(asked, verdicts.Pending):
            return self._hear(work, asked)
        attempt = work.living_attempt
        may_resend = not (attempt.is_acknowledged or attempt.is_url_dead or self._url_is_over(work))
        if asked.is_uploading and may_resend:
            last = work.plan.total_chunk_count - 1
            missing = last if asked.uploaded_bytes is None else work.plan.next_chunk(asked.uploaded_bytes)
            self._send_rest(work, missing)
        return self.settle.undecided(work)

    def _ask(self, work: Work) -> verdicts.Verdict | verdicts.Later:
        """What TikTok says of the publish_id. Nothing that goes wrong here ever leads back to init."""
        try:
            status = self._fetch_status(work, work.living_attempt.publish_id or "")
        except TikTokRefusal as error:
            if work.living_attempt.state is AttemptState.OPEN:
                return verdicts.Retry(error.code or "publish_id_unknown")  # and the last byte has not left
            return verdicts.Pending(is_uploading=False, uploaded_bytes=None)
        except (TikTokError, AccountNeedsReconnection) as error:
            return self._meaning(work, error).as_later()
        return verdicts.of_status(status, clock.now())

    def _hear(self, work: Work, verdict: verdicts.Verdict | verdicts.Later) -> Outcome:
        if isinstance(verdict, verdicts.Later):
            return self.settle.undecided(work, not_before=verdict.at, reason=verdict.reason)
        if isinstance(verdict, verdicts.Published | verdicts.InInbox):
            return self.settle.arrived(work, verdict)
        return self.settle.ended(work, verdict)

    def _follow(self, work: Work) -> Outcome:
        """After the verdict: learn the post's id, or what became of a draft in the inbox."""
        if work.publication.publish_id is None or not self.settle.is_worth_following(work):
            return None
        try:
            status = self._fetch_status(work, work.publication.publish_id)
        except (TikTokError, AccountNeedsReconnection):
            return self.settle.follow_later(work)
        return self.settle.followed(work, verdicts.of_status(status, clock.now()))

    # what the steps share

    def _fetch_status(self, work: Work, publish_id: str) -> PublishStatus:
        return self._authorised(work, lambda token: self.tiktok.fetch_status(token, publish_id))

    def _authorised(self, work: Work, act: Callable[[str], Answer]) -> Answer:
        """Ask TikTok something harmless to repeat; a rejected access token is renewed once."""
        return vault.with_token(self._account_id(work), act, tiktok=self.tiktok, sealer=self.sealer)

    def _token(self, work: Work) -> str:
        return vault.usable_token(self._account_id(work), tiktok=self.tiktok, sealer=self.sealer)

    def _renewed(self, work: Work, rejected: str) -> str:
        return vault.renew(self._account_id(work), rejected, tiktok=self.tiktok, sealer=self.sealer)

    def _account_id(self, work: Work) -> UUID:
        if work.publication.account_id is None:
            raise AccountNeedsReconnection(reason="account_disconnected")
        return work.publication.account_id

    def _meaning(self, work: Work, error: TikTokError | AccountNeedsReconnection) -> Setback:
        return verdicts.of_error(error, clock.now(), self._pause(work))

    def _after_init(self, work: Work, error: TikTokError, token: str) -> Setback:
        """What a failed init means. It is not repeated with a renewed token: the next attempt is."""
        if not isinstance(error, AccessTokenInvalid):
            return self._meaning(work, error)
        try:
            self._renewed(work, token)
        except (TikTokError, AccountNeedsReconnection) as worse:
            return self._meaning(work, worse)
        return verdicts.Later(clock.now() + timedelta(seconds=1), "token_renewed")

    def _pause(self, work: Work) -> timedelta:
        """Growing with the time that has gone by: 5 s at first, 10 minutes at most."""
        since = work.post.publish_at or work.publication.updated_at
        seconds = (clock.now() - since).total_seconds() / 4
        return timedelta(seconds=min(max(seconds, self.settings.poll_min_seconds), 600.0))

    def _url_is_over(self, work: Work) -> bool:
        opened_at = work.living_attempt.opened_at
        return opened_at is None or clock.now() - opened_at >= UPLOAD_URL_LIFETIME

    def _upload_url(self, work: Work) -> str:
        attempt = work.living_attempt
        return self.sealer.open(
            attempt.upload_url_sealed or b"", table="attempts", row=attempt.id, column="upload_url_sealed"
        )


_STARTABLE = frozenset(
    {
        PublicationState.SCHEDULED,
        PublicationState.DUE,
        PublicationState.PREPARING,
        PublicationState.UPLOADING,
        PublicationState.HELD,
    }
)


def _pieces(read: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Read from storage only when TikTok's socket is ready."""
    yield from read()

"""Bringing a publication to TikTok: at most once by us, and never dropped silently.

Each step leaves the house in three breaths: commit what we are about to do, do it, commit what came back. No transaction is
open while TikTok thinks. Two rules hold it together: no media byte leaves for an attempt whose publish_id is not
durable, and no new attempt starts until every earlier one is proven dead.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.services import fetch_creator_info
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.db import end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.posts.models import AttemptState, PublicationState
from tiktok_api.posts.preflight.rules import check_against_creator, check_media
from tiktok_api.posts.publishing import attempts, verdicts
from tiktok_api.posts.publishing.claims import FencedOff, Work
from tiktok_api.posts.publishing.content import is_direct, terms_of
from tiktok_api.posts.publishing.record import Settler
from tiktok_api.posts.publishing.upload import Sender
from tiktok_api.posts.waiting import media, readiness
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageError, StorageMissing
from tiktok_api.tiktok import (
    AccessTokenInvalid,
    PublishStatus,
    PublishTicket,
    TikTokError,
    TikTokRefusal,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
    plan_chunks,
)

_LONGEST_PAUSE_SECONDS, _MOST_DOUBLINGS = 600.0, 7
_BREATH = timedelta(seconds=1)
Setback = verdicts.Later | verdicts.Hold | verdicts.Fail
Answer = TypeVar("Answer")
GO_ON = object()
"""A step was taken; there is another."""

Outcome = RunAgain | None | object


@dataclass(frozen=True, slots=True)
class Publisher:
    """Takes publications through their next steps, until they must wait or are done."""

    vault: TokenVault
    sender: Sender
    settle: Settler
    settings: Settings

    def run(self, job: ClaimedJob) -> RunAgain | None:
        """As far as it goes now; when to come back, or None: nothing is left to do."""
        try:
            while True:
                with transaction():
                    work = attempts.look(job)
                outcome = self._step(work)
                if outcome is not GO_ON:
                    return outcome  # type: ignore[return-value]  # it is one of the other two
        except FencedOff:
            with transaction():  # fenced off by what a person did, yet still the one to look after it: look again
                return RunAgain(clock.now() + _BREATH) if attempts.is_unfinished(job) else None

    def _step(self, work: Work) -> Outcome:
        state, attempt = work.publication.state, work.attempt
        if work.publication.account_id is None:
            return self.settle.orphaned(work)
        if state in _FOLLOWED:
            return self._follow(work)
        if attempt is None:
            return self._start(work) if state in attempts.STARTABLE else None
        if attempt.state is AttemptState.OPEN:
            return self._upload(work)
        return self._poll(work)

    # 1 check, 2 intend, 3 init, 4 open

    def _start(self, work: Work) -> Outcome:
        if work.not_before is not None and not attempts.is_due(work):
            return RunAgain(work.not_before)
        if (obstacle := readiness.obstacle_to(work, self.settings)) is not None:
            return self.settle.stopped(work, obstacle)
        if (later := self._wait_for_init(work)) is not None:
            return self.settle.set_back(work, later)
        try:
            refusal = self._check(work)
            token = self._token(work)
        except StorageError:
            return self.settle.set_back(work, self._storage_trouble(work))
        except (TikTokError, AccountNeedsReconnection) as error:
            return self.settle.set_back(work, verdicts.of_question(error, clock.now(), self._pause(work)))
        if refusal is not None:
            return self.settle.set_back(work, refusal)
        if readiness.is_too_late(work, self.settings):
            return self.settle.stopped(work, verdicts.AskPerson())
        with transaction():
            size = cast(int, work.living_media.size_bytes)  # which has just been compared with what is stored
            intended = attempts.intend(work, plan_chunks(size), self.settings)
        if intended is None:
            return GO_ON  # others were faster, and have told by now until when
        try:
            answer = self._init(intended, token)
        except TikTokError as error:
            return self.settle.failed_init(intended, self._after_init(intended, error, token))
        with transaction():
            attempts.open_attempt(intended, answer, self.vault.encryptor)
        return GO_ON

    def _wait_for_init(self, work: Work) -> verdicts.Later | None:
        """Whether this account has had its inits for this minute; found out before TikTok is asked anything."""
        at = attempts.next_init_at(work.publication.account_id)
        end_reading()
        return verdicts.Later(max(at, clock.now() + _BREATH), "inits_per_minute") if at else None

    def _check(self, work: Work) -> verdicts.Fail | None:
        """What TikTok would refuse, asked live and kept for the next post; the inbox takes anything: the person decides there."""
        shown = [work.living_media]
        if problems := check_media(work.post, shown):
            return verdicts.Fail(*media.explain(problems, shown))
        if not self.sender.has_content(work):
            return _CONTENT_MISSING
        if not is_direct(work.post):
            return None
        with _account_may_vanish():
            creator = fetch_creator_info(work.account_id, self.vault)
        findings = check_against_creator(work.post, work.publication, work.living_media, creator)
        if not findings:
            return None
        return verdicts.Fail(findings[0].code, " ".join(finding.message for finding in findings))

    def _init(self, work: Work, token: str) -> PublishTicket:
        """Ask TikTok for a publish_id: one try, never repeated by a retry layer."""
        size = work.living_attempt.video_size
        if is_direct(work.post):
            post_info = terms_of(work.post, work.publication).to_post_info()
            return self.vault.tiktok.init_video(token, post_info=post_info, video_size=size)
        return self.vault.tiktok.init_inbox_video(token, video_size=size)

    # 5 upload, 6 commit point, 7 last chunk

    def _upload(self, work: Work) -> Outcome:
        first_missing = 0
        if work.is_adopted:
            asked = self._ask(work)
            if not isinstance(asked, verdicts.Pending):
                return self._hear(work, asked)
            # TikTok leaves out what is empty, and at times more than that: then what it acknowledged counts.
            known = asked.uploaded_bytes if asked.uploaded_bytes is not None else work.living_attempt.uploaded_bytes
            first_missing = work.plan.next_chunk(known)
        if self.sender.is_url_over(work):
            return self.settle.ended(work, verdicts.Retry("upload_url_expired"))
        if work.publication.state is PublicationState.HELD:
            with transaction():
                work = attempts.resume(work)
        try:
            self.sender.send_all_but_the_last(work, first_missing)
        except (TikTokError, StorageError) as error:
            return self._interrupted(work, error)
        with transaction():
            final = attempts.pass_commit_point(work)
        self.sender.send_rest(final, work.plan.total_chunk_count - 1)
        return self.settle.undecided(final)

    def _interrupted(self, work: Work, error: TikTokError | StorageError) -> RunAgain | None:
        """A chunk that is not the last did not get through."""
        if isinstance(error, StorageMissing):
            return self.settle.ended(work, _CONTENT_MISSING)
        if isinstance(error, StorageError):
            return self.settle.set_back(work, self._storage_trouble(work))
        if isinstance(error, UploadOutOfStep):
            if error.uploaded_bytes is not None:
                with transaction():
                    attempts.note_progress(work, error.uploaded_bytes)
            return self.settle.set_back(work, verdicts.Later(clock.now() + _BREATH, "upload_out_of_step"))
        if isinstance(error, UploadUrlExpired | UploadUnknown | UploadRejected):
            return self.settle.ended(work, verdicts.Retry(error.code or "upload_refused"))
        meaning = self._meaning(work, error)
        if isinstance(meaning, verdicts.Fail):
            return self.settle.ended(work, meaning)
        return self.settle.set_back(work, meaning)

    # 8 poll, 9 verdict

    def _poll(self, work: Work) -> Outcome:
        asked = self._ask(work)
        if not isinstance(asked, verdicts.Pending):
            return self._hear(work, asked)
        attempt = work.living_attempt
        may_resend = not (attempt.is_acknowledged or attempt.is_url_dead or self.sender.is_url_over(work))
        if asked.is_uploading and may_resend:
            last = work.plan.total_chunk_count - 1
            missing = last if asked.uploaded_bytes is None else work.plan.next_chunk(asked.uploaded_bytes)
            self.sender.send_rest(work, missing)
        return self.settle.undecided(work, reason=asked.reason)

    def _ask(self, work: Work) -> verdicts.Verdict | verdicts.Unheard:
        """What TikTok says of the publish_id. Nothing that goes wrong here ever leads back to init."""
        try:
            status = self._fetch_status(work, work.living_attempt.publish_id or "")
        except TikTokRefusal as error:
            reason = error.code or "publish_id_unknown"
            if work.living_attempt.state is AttemptState.OPEN:
                return verdicts.Retry(reason)  # and the last byte has not left
            return verdicts.Pending(is_uploading=False, uploaded_bytes=None, reason=reason)
        except (TikTokError, AccountNeedsReconnection) as error:
            return verdicts.Unheard(verdicts.of_poll(error, clock.now(), self._pause(work)))
        return verdicts.of_status(status, clock.now())

    def _hear(self, work: Work, answer: verdicts.Verdict | verdicts.Unheard) -> Outcome:
        if isinstance(answer, verdicts.Published | verdicts.InInbox):
            return self.settle.arrived(work, answer)
        if not isinstance(answer, verdicts.Unheard):
            return self.settle.ended(work, answer)
        if work.living_attempt.state is AttemptState.OPEN:
            return self.settle.set_back(work, answer.setback)
        return self.settle.undecided(work, not_before=answer.setback.at, reason=answer.setback.reason)

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
        with _account_may_vanish():
            rate_limits.take_status_turn(work.account_id)
        return self._authorised(work, lambda token: self.vault.tiktok.fetch_status(token, publish_id))

    def _authorised(self, work: Work, act: Callable[[str], Answer]) -> Answer:
        """Ask TikTok something harmless to repeat; a rejected access token is renewed once."""
        with _account_may_vanish():
            return self.vault.call(work.account_id, act)

    def _token(self, work: Work) -> str:
        with _account_may_vanish():
            return self.vault.usable_token(work.account_id)

    def _meaning(self, work: Work, error: TikTokError | AccountNeedsReconnection) -> Setback:
        return verdicts.of_error(error, clock.now(), self._pause(work))

    def _storage_trouble(self, work: Work) -> verdicts.Later:
        return verdicts.Later(clock.now() + self._pause(work), "storage_unreachable")

    def _after_init(self, work: Work, error: TikTokError, token: str) -> Setback:
        """What a failed init means. It is not repeated with a renewed token: the next attempt is."""
        if not isinstance(error, AccessTokenInvalid):
            return self._meaning(work, error)
        try:
            with _account_may_vanish():
                self.vault.renew(work.account_id, token)
        except (TikTokError, AccountNeedsReconnection) as worse:
            return self._meaning(work, worse)
        pause = self._pause(work) if work.publication.retry_count else _BREATH
        return verdicts.Later(clock.now() + pause, "token_renewed")

    def _pause(self, work: Work) -> timedelta:
        """Doubled with each setback in a row, from 5 s to 10 minutes."""
        seconds = self.settings.poll_min_seconds * 2 ** min(work.publication.retry_count, _MOST_DOUBLINGS)
        return timedelta(seconds=min(seconds, _LONGEST_PAUSE_SECONDS))


@contextmanager
def _account_may_vanish() -> Iterator[None]:
    """Somebody may disconnect it at any moment; the next look finds out what that means."""
    try:
        yield
    except NotFound:
        raise FencedOff from None


_FOLLOWED = frozenset(
    {PublicationState.PUBLISHED, PublicationState.INBOX_DELIVERED, PublicationState.PUBLICLY_AVAILABLE}
)
_CONTENT_MISSING = verdicts.Fail("media_content_missing", "The file is no longer in storage.")

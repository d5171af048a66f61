"""Sending a video's bytes to where TikTok wants them: at first all chunks but the last, then, past the commit point, the rest."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.media.services import read_bytes
from tiktok_api.posts.models import Attempt
from tiktok_api.posts.publishing import attempts
from tiktok_api.posts.publishing.claims import Work
from tiktok_api.storage.errors import StorageError, StorageMissing
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import TikTokClient, TikTokError, UploadUnknown, UploadUrlExpired

log = structlog.get_logger(__name__)

UPLOAD_URL_LIFETIME = timedelta(hours=1)  # TikTok's direct-post page


@dataclass(frozen=True, slots=True)
class Sender:
    """Knows where the bytes are and where they go."""

    tiktok: TikTokClient
    encryptor: Encryptor
    storage: Storage

    def has_content(self, work: Work) -> bool:
        """Whether the bytes are still there, all of them. Raises StorageUnreachable when nobody can tell."""
        media = work.living_media
        try:
            return self.storage.size(str(media.storage_key)) == media.size_bytes
        except StorageMissing:
            return False

    def send_all_but_the_last(self, work: Work, first_missing: int) -> None:
        """Send the chunks whose arrival decides nothing, noting each. Raises TikTokError, StorageError, FencedOff."""
        for index in range(first_missing, work.plan.total_chunk_count - 1):
            self._put(work, index)
            with transaction():
                attempts.note_progress(work, work.plan.chunk(index)[1] + 1)

    def send_rest(self, final: Work, first_missing: int) -> None:
        """Send what TikTok lacks of an attempt past its commit point; only a poll tells what came of it."""
        is_complete, is_url_dead = False, False
        try:
            for index in range(first_missing, final.plan.total_chunk_count):
                is_complete = self._put(final, index)
        except (UploadUrlExpired, UploadUnknown):
            is_url_dead = True
        except (TikTokError, StorageError) as error:
            log.warning("publishing.last_chunk_unknown", publication=str(final.publication_id), error=str(error))
        with transaction():
            attempts.note_last_chunk(final, is_acknowledged=is_complete, is_url_dead=is_url_dead)

    def is_url_over(self, work: Work) -> bool:
        """Whether the upload URL's hour has passed."""
        opened_at = work.living_attempt.opened_at
        return opened_at is None or clock.now() - opened_at >= UPLOAD_URL_LIFETIME

    def _put(self, work: Work, index: int) -> bool:
        """Send one chunk; True: TikTok has the whole file."""
        first, last = work.plan.chunk(index)
        media = work.living_media
        receipt = self.tiktok.put_chunk(
            self._upload_url(work),
            body=read_bytes(self.storage, media, first, last),
            first=first,
            last=last,
            total=work.plan.video_size,
            content_type=media.content_type or "video/mp4",
        )
        return receipt.is_complete

    def _upload_url(self, work: Work) -> str:
        """Where to send. Raises UploadUnknown when the key that sealed it has left the ring: it is lost then."""
        attempt = work.living_attempt
        try:
            return self.encryptor.decrypt(attempt.upload_url_encrypted or b"", Attempt.upload_url_encrypted, attempt.id)
        except DecryptionFailed:
            raise UploadUnknown("upload: the upload URL cannot be unsealed", code="upload_url_lost") from None

"""The calls that steps make: chunks to TikTok, and questions about a publish_id."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from tiktok_api import clock
from tiktok_api.accounts import rate_limits
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.encryption import DecryptionFailed
from tiktok_api.media.services import read_bytes
from tiktok_api.posts.models import Attempt
from tiktok_api.posts.publishing import verdicts
from tiktok_api.posts.publishing.claims import ClaimedPublication
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.port import Storage
from tiktok_api.tiktok import PublishStatus, TikTokError, UploadUnknown, UploadUrlExpired

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PublishingServices:
    """What steps need: TikTok with the accounts' tokens, where the bytes are, and the settings."""

    vault: TokenVault
    storage: Storage
    settings: Settings


def send_from(first_missing: int, claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Undecided:
    """Send what TikTok lacks of an attempt past its commit point."""
    is_acknowledged = False
    try:
        for index in range(first_missing, claimed.plan.total_chunk_count):
            is_acknowledged = put_chunk(claimed, index, services)
    except (UploadUrlExpired, UploadUnknown):
        return verdicts.Undecided(is_url_dead=True)
    except (TikTokError, StorageError) as error:
        log.warning("publishing.last_chunk_unknown", publication=str(claimed.publication.id), error=str(error))
        return verdicts.Undecided()
    return verdicts.Undecided(is_acknowledged=is_acknowledged)


def fetch_status(claimed: ClaimedPublication, publish_id: str, services: PublishingServices) -> PublishStatus:
    """Ask TikTok how a publish_id fares, within the account's budget of such calls; a rejected token is renewed once."""
    rate_limits.count_status_call(claimed.account_id)
    return services.vault.call(claimed.account_id, lambda token: services.vault.tiktok.fetch_status(token, publish_id))


def put_chunk(claimed: ClaimedPublication, index: int, services: PublishingServices) -> bool:
    """Send one chunk; returns True if TikTok has the whole file now. Raises TikTokError, StorageError."""
    (first, last), media, attempt = claimed.plan.chunk(index), claimed.video, claimed.living_attempt
    vault, encrypted = services.vault, attempt.upload_url_encrypted or b""
    try:
        upload_url = vault.encryptor.decrypt(encrypted, Attempt.upload_url_encrypted, attempt.id)
    except DecryptionFailed:  # the key that encrypted it has left the ring: the URL is lost
        raise UploadUnknown("upload: the upload URL cannot be decrypted", code="upload_url_lost") from None
    return vault.tiktok.put_chunk(
        upload_url,
        body=read_bytes(services.storage, media, first, last),
        first=first,
        last=last,
        total=claimed.plan.video_size,
        content_type=media.content_type or "video/mp4",
    ).is_complete


def storage_trouble(claimed: ClaimedPublication, services: PublishingServices) -> verdicts.Later:
    return verdicts.Later(clock.now() + pause(claimed, services), "storage_unreachable")


def pause(claimed: ClaimedPublication, services: PublishingServices) -> timedelta:
    return verdicts.pause_after(claimed.publication.retry_count, first_seconds=services.settings.poll_min_seconds)

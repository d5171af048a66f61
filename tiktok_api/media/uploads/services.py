"""Uploads as rows: created, appended to, ended.

Appended bytes go straight to storage and are acknowledged only once storage has made them durable, so the offset in the
database never passes what is stored, at whatever moment the process dies. One writer at a time: storage holds the lock, and
the offset is read and changed only under it; a silent writer gives way to another connection. No transaction is open while
bytes are awaited.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import update

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.media import cleanup, queries, services
from tiktok_api.media.errors import (
    MalformedUploadHeader,
    StorageOutOfSpace,
    UploadBusy,
    UploadExpired,
    UploadIsImport,
    UploadOffsetMismatch,
    UploadTooLarge,
)
from tiktok_api.media.models import Media, MediaStatus
from tiktok_api.media.quotas import check_fits, reserve
from tiktok_api.media.uploads.append_session import Append, AppendSession, UploadLimits
from tiktok_api.media.uploads.kept_hashes import KeptHashes
from tiktok_api.storage.errors import StorageBusy, StorageFull, StorageMissing
from tiktok_api.storage.port import Storage


def create(
    caller: Identity,
    storage: Storage,
    limits: UploadLimits,
    *,
    length: int | None,
    first_bytes: int = 0,
    name: str,
    content_type: str | None,
    upload_metadata: str | None,
) -> Media:
    """Create an upload of `length` bytes (None: the client tells it later). `first_bytes` are about to follow.

    Raises UploadTooLarge, MediaQuotaExceeded, InspectionsPending, StorageOutOfSpace.
    """
    announced = first_bytes if length is None else length
    if max(announced, first_bytes) > min(limits.max_bytes, announced):
        raise UploadTooLarge(allowed=min(limits.max_bytes, announced))
    free_bytes = storage.free_bytes()
    if free_bytes is not None and free_bytes < (announced or 1):
        raise StorageOutOfSpace
    key = storage.new_key()
    try:
        storage.create(key)
    except StorageFull:
        raise StorageOutOfSpace from None
    with cleanup.kept_or_discarded(storage, key), transaction() as session:
        check_fits(caller.user_id, limits.quota, more_bytes=announced)
        media = Media(
            owner_id=caller.user_id,
            name=services.clean_name(name),
            content_type=content_type,
            size_bytes=length,
            reserved_bytes=announced,
            upload_metadata=upload_metadata,
            storage_key=key,
            expires_at=clock.now() + limits.time_to_live,
        )
        session.add(media)
        session.flush()
        if length == 0:
            services.request_inspection(media, sha256=None)
    return media


def get_upload(caller: Identity, media_id: UUID, *, is_changing: bool = False) -> Media:
    """Returns the caller's upload, finished or not. Raises NotFound, UploadExpired, UploadIsImport.

    With `is_changing` it raises KeyConfined as well: each byte changes what all posts show that have this media.
    """
    media = get_upload_or_import(caller, media_id, is_changing=is_changing)
    if media.is_import:
        raise UploadIsImport
    return media


def get_upload_or_import(caller: Identity, media_id: UUID, *, is_changing: bool = False) -> Media:
    """Returns the caller's upload or import, finished or not. Raises NotFound, UploadExpired, and as above KeyConfined."""
    find = services.get_changeable if is_changing else queries.show_media
    media = find(caller, media_id)
    if media.is_lapsed:
        raise UploadExpired
    return media


def terminate(caller: Identity, media_id: UUID) -> None:
    """Delete an upload, finished or not, and its bytes. Raises NotFound, UploadExpired, MediaInUse."""
    get_upload_or_import(caller, media_id)
    services.delete(caller, media_id)


def append(
    caller: Identity,
    storage: Storage,
    limits: UploadLimits,
    media_id: UUID,
    announced: Append,
    pieces: Iterator[bytes | memoryview],
    *,
    hashes: KeptHashes,
) -> Media:
    """Receive one append. Returns the upload as it is afterwards; the append that completes it requests the inspection.

    Raises NotFound, KeyConfined, UploadExpired, UploadIsImport, UploadOffsetMismatch, UploadTooLarge, MediaQuotaExceeded and
    UploadBusy before the first byte is awaited; UploadInterrupted, StorageOutOfSpace, UploadTooLarge, MediaQuotaExceeded and
    TooManyRequests after what had arrived was kept; ChecksumMismatch after it was dropped; StorageUnreachable, and UploadBusy
    where another writer took over, with what was acknowledged until then.
    """
    media = get_upload(caller, media_id, is_changing=True)
    is_arriving, key = media.is_arriving, str(media.storage_key)
    if not is_arriving:
        _check_follows(media, announced, limits)
    end_reading()
    if not is_arriving:
        return media  # it is complete, and this append adds nothing
    try:
        with storage.append(key) as appender:
            media = _begin(caller, limits, media_id, announced)
            appender.rewind(media.received_bytes)
            return AppendSession(media, limits, announced, appender, hashes).run(pieces)
    except StorageBusy:
        _request_takeover(media_id)
        raise UploadBusy from None
    except StorageMissing:
        raise NotFound from None


def _begin(caller: Identity, limits: UploadLimits, media_id: UUID, announced: Append) -> Media:
    """Returns the upload as it is now that no other connection changes it, with the quota reserved. Raises what `append` raises.

    Most pieces change nothing before they have arrived; they open no transaction.
    """
    media = get_upload(caller, media_id, is_changing=True)
    _check_follows(media, announced, limits)
    if announced.upload_length is None and media.reserved_bytes == _upto(media, announced) and not media.is_wanted:
        db.session.expunge(media)  # it stays as it was read
        end_reading()
        return media
    with transaction():
        media = get_upload(caller, media_id, is_changing=True)
        _check_follows(media, announced, limits)
        if announced.upload_length is not None:
            media.size_bytes = announced.upload_length
        reserve(media, limits.quota, _upto(media, announced))
        media.is_wanted = False
    return media


def _upto(media: Media, announced: Append) -> int:
    """Returns how many bytes count for the quota while the append arrives."""
    return announced.offset + (announced.length or 0) if media.size_bytes is None else media.size_bytes


def _request_takeover(media_id: UUID) -> None:
    """Ask the connection that holds the upload to give way if it is silent: its client has probably reconnected."""
    wanted = update(Media).where(Media.id == media_id, Media.status == MediaStatus.UPLOADING).values(is_wanted=True)
    with transaction() as session:
        session.execute(wanted.execution_options(synchronize_session=False))


def _check_follows(media: Media, append: Append, limits: UploadLimits) -> None:
    """Raises UploadOffsetMismatch, MalformedUploadHeader or UploadTooLarge unless the append begins where the upload ends."""
    if media.received_bytes != append.offset:
        headers = {"Upload-Offset": str(media.received_bytes)}
        raise UploadOffsetMismatch(offset=media.received_bytes, headers=headers)
    size = media.size_bytes
    if append.upload_length is not None:
        if (size is not None and size != append.upload_length) or append.upload_length < media.received_bytes:
            raise MalformedUploadHeader(header="Upload-Length", reason="the length of an upload is said once")
        size = append.upload_length
    allowed = limits.max_bytes if size is None else size
    if (size is not None and size > limits.max_bytes) or append.offset + (append.length or 0) > allowed:
        raise UploadTooLarge(allowed=min(allowed, limits.max_bytes))

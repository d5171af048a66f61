"""When pictures are fetched: a few at a time, in the lane of imports, so that nothing else waits for them."""

import structlog

from tiktok_api import clock
from tiktok_api.analytics.pictures import services as pictures
from tiktok_api.analytics.pictures.fetcher import PictureFetcher
from tiktok_api.analytics.pictures.services import MissingPicture, StoredPicture
from tiktok_api.db import end_reading, transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.media import services
from tiktok_api.media.inspection import sniff
from tiktok_api.outbound import Answer, Fetcher, OutboundError, Passing, Patience
from tiktok_api.storage.errors import StorageError
from tiktok_api.storage.port import Storage

log = structlog.get_logger(__name__)

MOST_BYTES = 4 * 1024 * 1024
_TYPES = ("image/jpeg", "image/png", "image/webp")
_PATIENCE = Patience(connect_seconds=3, head_seconds=3, silence_seconds=3, total_seconds=6)


@task(pictures.FETCH_PICTURES, lane=Lane.IMPORT)
def fetch_pictures(job: ClaimedJob, *, storage: Storage, picture_fetcher: PictureFetcher) -> RunAgain | None:
    """Fetch an account's new avatar and some new covers of its videos; the others in the next run."""
    found = pictures.find_missing(job.subject) if job.subject else None
    end_reading()
    if found is None:
        return None
    missing, has_more = found
    for place, each in enumerate(missing):
        try:
            _fetch_one(each, storage, picture_fetcher)
        except (Passing, StorageError) as error:  # the next ones would probably fail as well
            log.info("picture.postponed", account=str(job.subject), error=str(error))
            with transaction():
                pictures.give_up(missing[place:])
            break
    return RunAgain(clock.now()) if has_more else None


def _fetch_one(missing: MissingPicture, storage: Storage, fetcher: Fetcher) -> None:
    content = _fetch(missing.url, fetcher)
    content_type = sniff.sniff(content[: sniff.HEAD_BYTES]) if content else None
    stored = None
    if content and content_type in _TYPES:
        stored = StoredPicture(storage.new_key(), str(content_type))
        storage.put(stored.key, content)
    with transaction():
        is_owned = pictures.store(missing, stored)
    if stored is not None and not is_owned:
        services.discard(storage, [stored.key])


def _fetch(url: str, fetcher: Fetcher) -> bytes | None:
    """The bytes, or None if the URL will never lead to a picture. Raises Passing."""
    try:
        with fetcher.get(url, patience=_PATIENCE) as answer:
            return _read(answer)
    except Passing:
        raise
    except OutboundError as error:
        log.info("picture.refused", error=str(error))
        return None


def _read(answer: Answer) -> bytes | None:
    if answer.status in (401, 403, 429) or answer.status >= 500:  # its signature is over, or the server is busy
        raise Passing(f"The server answers {answer.status}.")
    content = bytearray()
    for piece in answer.pieces() if answer.status == 200 else ():
        content += piece
        if len(content) > MOST_BYTES:
            return None
    return bytes(content)

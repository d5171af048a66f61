"""The refusals of the library and of the upload protocol.

The statuses of uploads are those of tus 1.0.0 (https://tus.io/protocols/resumable-upload): 409 for another offset, 410 when
expired, 412 for another protocol version, 413 when too large, 415 for another content type, 460 for a wrong checksum.
"""

from typing import Any, Self

from tiktok_api.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    Gone,
    Invalid,
    Locked,
    OutOfSpace,
    Problem,
    StaleVersion,
    Unavailable,
    UnsupportedBody,
)
from tiktok_api.web.transfers.places import ServerBusy


class MediaNotReady(Conflict):
    message = "The media is {status}; this needs it to be ready."


class MediaNotAVideo(Conflict):
    message = "Only a video has frames; this is a {kind}."


class ConversionUnfit(Invalid):
    message = "This cannot be done with this media; errors says why."


class SlideshowUnfit(Invalid):
    message = "No slideshow can be made of this; errors says why."


class FramesPending(Conflict):
    message = "The frames of {count} of your videos are still being drawn; ask again when one of them is done."


class MediaInUse(Conflict):
    message = "A post that is still to go out uses this media; cancel or change the post first."


class MalformedUploadHeader(BadRequest):
    message = "The header {header} is missing or malformed: {reason}."


class UploadInterrupted(Conflict):
    """409, because clients treat most 4xx statuses as final, but ask for the offset after this one."""

    message = "The bytes ended, or stopped coming, before the body was complete; go on from Upload-Offset: {offset}."


class FileInterrupted(BadRequest):
    message = "The bytes ended, or stopped coming, before the body was complete; nothing was kept. Send the file again."


class UploadOffsetMismatch(Conflict):
    message = "The upload stands at {offset} bytes; send Upload-Offset: {offset} and what follows it."


class UploadExpired(Gone):
    message = "The upload was not finished in time; begin a new one."


class TusVersionUnsupported(StaleVersion):
    message = "Send Tus-Resumable: 1.0.0; no other version is spoken here."


class UploadTooLarge(BodyTooLarge):
    message = "That is more than the {allowed} bytes allowed here."


class MediaQuotaExceeded(BodyTooLarge):
    """`unit` is bytes or files; `used` includes what unfinished uploads have reserved."""

    title = "Quota exceeded"
    message = (
        "Your library may hold {allowed} {unit} and holds {used}; this asks for {requested} more. Delete media first."
    )

    @classmethod
    def of(cls, unit: str, *, allowed: int, used: int, requested: int) -> Self:
        facts: dict[str, Any] = {"unit": unit, "allowed": allowed, "used": used, "requested": requested}
        return cls(extra=facts, **facts)

    def without_use(self) -> Self:
        """Returns the same for those who may not know how much the library holds: a confined key, and every reader of a rejection."""
        facts = {name: value for name, value in self.extra.items() if name != "used"}
        return type(self)("The library has no room for {requested} more {unit}.".format(**facts), extra=facts)


class UploadContentTypeUnsupported(UnsupportedBody):
    message = "Send the bytes as {expected}."


class UploadIsImport(Conflict):
    message = "The server fetches this from its URL; no client sends its bytes. Ask for it with GET, or delete it."


class UploadBusy(Locked):
    message = "Another connection is sending this upload; try again when it has ended."


class RangeNotSatisfiable(Problem):
    status = 416
    title = "Range not satisfiable"
    message = "The file has {size} bytes; none of them is in that range."


class ChecksumMismatch(Problem):
    status = 460
    title = "Checksum mismatch"
    message = "The bytes do not have the checksum that was announced; they were dropped. Send them again."


class StorageOutOfSpace(OutOfSpace):
    message = "The server has no room left for this; what it acknowledged is kept, and the upload can go on when there is room."


class ImportUrlRefused(Invalid):
    message = "Nothing is imported from this URL; errors says why."


class ImportsPending(Conflict):
    message = "{count} of your imports are under way; begin another when one of them has ended."


class InspectionsPending(Conflict):
    message = (
        "{count} of your files are not inspected yet, unfinished uploads included; send another when one of them is ready or "
        "rejected, or delete one."
    )


class StorageUnavailable(Unavailable):
    message = "Where media are kept does not answer right now; what was acknowledged is kept. Try again later."


STORING = (ServerBusy, StorageOutOfSpace, StorageUnavailable)
"""What every upload may meet on its way into storage."""

"""What the library and the upload protocol can refuse.

The statuses of uploads are those of tus 1.0.0 (https://tus.io/protocols/resumable-upload): 409 for another offset, 410 when
expired, 412 for another protocol version, 413 when too large, 415 for another content type, 460 for a wrong checksum.
"""

from tiktok_api.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    Gone,
    Locked,
    OutOfSpace,
    Problem,
    StaleVersion,
    Unavailable,
    UnsupportedBody,
)


class MediaNotReady(Conflict):
    message = "The media is {status}; this needs it to be ready."


class MediaInUse(Conflict):
    message = "A post that is still to go out uses this media; cancel or change the post first."


class MalformedUploadHeader(BadRequest):
    message = "The header {header} is missing or malformed: {reason}."


class UploadInterrupted(BadRequest):
    message = "The connection ended before the body did; go on from the offset that HEAD answers."


class UploadOffsetMismatch(Conflict):
    message = "The upload stands at {offset} bytes; send Upload-Offset: {offset} and what follows it."


class UploadExpired(Gone):
    message = "The upload was not finished in time; begin a new one."


class TusVersionUnsupported(StaleVersion):
    message = "Send Tus-Resumable: 1.0.0; no other version is spoken here."


class UploadTooLarge(BodyTooLarge):
    message = "That is more than the {allowed} bytes allowed here."


class UploadContentTypeUnsupported(UnsupportedBody):
    message = "Send the bytes as {expected}."


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


class StorageUnavailable(Unavailable):
    message = "Where media are kept does not answer right now; what was acknowledged is kept. Try again later."

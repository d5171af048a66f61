"""boto3's errors as the errors of the storage port."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from tiktok_api.storage.errors import StorageError, StorageFull, StorageMissing, StorageUnreachable

log = structlog.get_logger(__name__)

_MISSING = {"NoSuchKey", "NoSuchUpload"}
_NO_SPACE = {"XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity"}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise a StorageError in place of every error that S3, or another server in its place, causes."""
    try:
        yield
    except StorageError:
        raise
    except ClientError as error:
        code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _MISSING:
            raise StorageMissing(code) from error
        if code in _NO_SPACE or status == 507:
            raise StorageFull(code) from error
        log.warning("storage.refused", operation=error.operation_name, code=code, status=status)
        raise StorageUnreachable(f"S3 answered {error.operation_name} with {status} {code}") from error
    except (BotoCoreError, HTTPError, OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        # The last four: the answer lacks something that it must have.
        log.warning("storage.unreachable", error=type(error).__name__)
        raise StorageUnreachable(f"S3 gives no usable answer: {type(error).__name__}") from error


def code_of(error: ClientError) -> str:
    """Returns S3's code of the error."""
    return str(error.response.get("Error", {}).get("Code"))

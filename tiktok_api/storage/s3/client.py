"""boto3's client, with short time-outs and few retries."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

MAX_TRIES = 3


def connect(endpoint_url: str | None) -> Any:
    """Returns a client that gives up soon. Threads may share it."""
    config = Config(
        connect_timeout=3,
        read_timeout=15,
        retries={"mode": "standard", "total_max_attempts": MAX_TRIES},
        max_pool_connections=50,
        signature_version="s3v4",
        # Servers other than Amazon's know neither bucket names in the host nor the newer checksums; every body has its MD5.
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return _session().client("s3", endpoint_url=endpoint_url, config=config)


@cache
def _session() -> Any:
    """A session of our own, because boto3's default one is not thread-safe; cached, because it reads 1 MB of descriptions."""
    return boto3.session.Session()

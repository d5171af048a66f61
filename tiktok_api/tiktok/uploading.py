"""Sends a video's bytes, one chunk at a time, to TikTok's upload URL and no other host."""

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

import httpx2

from tiktok_api.tiktok.answers import ApiAnswer
from tiktok_api.tiktok.errors import (
    TikTokError,
    TikTokRefusal,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
)
from tiktok_api.tiktok.types import CHUNK_BYTES, ChunkReceipt
from tiktok_api.tiktok.wire import Call, Wire

# Names as RFC 1035 bounds them (the resolver raises on others), or an IPv6 address.
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:]+")
UPLOADED = re.compile(r"bytes 0-(\d{1,18})/\d+")
REFUSALS: dict[int, type[TikTokRefusal]] = {400: UploadRejected, 403: UploadUrlExpired, 404: UploadUnknown}


class UploadApi:
    """The PUT to an upload URL."""

    _wire: Wire
    _allow_http: bool
    _upload_hosts: Sequence[str]

    def put_chunk(
        self, upload_url: str, *, body: bytes | Iterable[bytes], first: int, last: int, total: int, content_type: str
    ) -> ChunkReceipt:
        """Send the bytes `first` to `last` (inclusive) of `total`; `body` must have exactly so many.

        An iterable is sent piece by piece, so that memory stays flat. Each started 10 MiB has 300 s.

        Raises UploadUrlExpired (403), UploadUnknown (404), UploadOutOfStep (416), UploadRejected (400), TikTokBusy,
        TikTokUnreachable (if `was_sent`, ask fetch_status what TikTok has before sending anything again), ValueError
        for a body of another length, and whatever the iterable raises.
        """
        length = last - first + 1
        if not 0 <= first <= last < total:
            raise ValueError(f"bytes {first}-{last} of {total} are no chunk")
        if isinstance(body, bytes) and len(body) != length:
            raise ValueError(f"the chunk has {len(body)} bytes instead of {length}")
        seconds = self._wire.timeouts.chunk
        url = self._checked(upload_url)
        answer = self._wire.exchange(
            Call(
                operation="upload",
                method="PUT",
                url=url,
                headers={
                    "Content-Type": content_type,
                    "Content-Length": str(length),
                    "Content-Range": f"bytes {first}-{last}/{total}",
                },
                content=body if isinstance(body, bytes) else _Exactly(body, length),
                body={"first": first, "last": last, "total": total, "content_type": content_type},
                secrets=(upload_url, url.raw_path.decode("ascii"), *dict(url.params).values()),
                silence=seconds,
                seconds=self._wire.timeouts.connect + seconds * -(-length // CHUNK_BYTES),
            )
        )
        return _receipt(answer, last=last, total=total)

    def _checked(self, upload_url: str) -> httpx2.URL:
        try:
            url = httpx2.URL(upload_url)
        except (httpx2.InvalidURL, TypeError, ValueError):
            raise _not_allowed("it is not a URL") from None
        host = url.raw_host.decode("ascii").lower()
        if not HOST.fullmatch(host):
            raise _not_allowed("its host is not a name")
        is_loopback = self._allow_http and _is_loopback(host)
        is_listed = any(host.endswith(name) if name.startswith(".") else host == name for name in self._upload_hosts)
        if url.userinfo:
            raise _not_allowed("it holds credentials")
        if not (is_loopback or is_listed):
            raise _not_allowed("its host is not TikTok's")
        if url.scheme != "https" and not (url.scheme == "http" and (is_loopback or self._is_named(host))):
            raise _not_allowed("it is not https")
        return url

    def _is_named(self, host: str) -> bool:
        return self._allow_http and host in self._upload_hosts


class _Exactly:
    """A body of exactly the announced length: a file that shrank or grew must not confuse the connection."""

    def __init__(self, pieces: Iterable[bytes], length: int) -> None:
        self._pieces = pieces
        self._length = length

    def __iter__(self) -> Iterator[bytes]:
        left = self._length
        for piece in self._pieces:
            left -= len(piece)
            if left < 0:
                raise ValueError(f"the chunk has more than {self._length} bytes")
            yield piece
        if left:
            raise ValueError(f"the chunk has {left} bytes less than {self._length}")


def _receipt(answer: ApiAnswer, *, last: int, total: int) -> ChunkReceipt:
    status = answer.http_status
    stored = _uploaded(answer)
    if stored == last:  # the last index instead of the count
        stored = last + 1
    if status == 201:
        return ChunkReceipt(is_complete=True, uploaded_bytes=stored)
    if status in (200, 206):
        # 200 is undocumented but accepted by other clients: then only the range says whether this was all.
        return ChunkReceipt(is_complete=status == 200 and last + 1 == total, uploaded_bytes=stored)
    raise _refusal(answer, stored)


def _refusal(answer: ApiAnswer, stored: int | None) -> TikTokError:
    status = answer.http_status
    sentence = f"upload: TikTok answered {status}"
    if status == 416:
        return UploadOutOfStep(
            sentence, uploaded_bytes=stored, code=answer.code, http_status=status, log_id=answer.log_id
        )
    if status in REFUSALS:
        return REFUSALS[status](sentence, code=answer.code, http_status=status, log_id=answer.log_id)
    return answer.error()


def _uploaded(answer: ApiAnswer) -> int | None:
    found = UPLOADED.fullmatch(answer.headers.get("content-range", "").strip())
    return int(found[1]) if found else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _not_allowed(reason: str) -> TikTokRefusal:
    return TikTokRefusal(f"upload: the upload URL is not used, {reason}", code="upload_url_not_allowed")

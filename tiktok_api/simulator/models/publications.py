"""Publications: what TikTok does for each publish_id, with the bytes that were received for it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FAIL_REASONS = (
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "internal",
    "video_pull_failed",
    "photo_pull_failed",
    "publish_cancelled",
    "auth_removed",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "spam_risk_text",
    "spam_risk",
)
TERMINAL = ("PUBLISH_COMPLETE", "SEND_TO_USER_INBOX", "FAILED")
DAY = 86_400.0
SPARE = 64
"""Publications that are looked at beyond the surplus, and that may be kept beyond twice the number to keep."""


@dataclass
class SimulatedPublication:
    """What TikTok does for one publish_id, from its init to its end."""

    publish_id: str
    client_key: str
    username: str
    mode: str
    kind: str
    source: str
    created_at: float
    init_count: int
    post_info: dict[str, Any] = field(default_factory=dict)
    source_info: dict[str, Any] = field(default_factory=dict)
    is_aigc: bool = False
    status: str = "PROCESSING_UPLOAD"
    fail_reason: str | None = None
    size: int = 0
    chunk_size: int = 0
    chunk_count: int = 0
    upload_id: str | None = None
    upload_token: str | None = None
    url_expires_at: float = 0.0
    received_bytes: int = 0
    chunks: list[dict[str, Any]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    files: list[Path] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    received_at: float | None = None
    sha256: str | None = None
    finished_at: float | None = None
    probe: dict[str, Any] = field(default_factory=dict)
    video_ids: list[int] = field(default_factory=list)
    public_ids: list[int] = field(default_factory=list)

    @property
    def is_direct(self) -> bool:
        """True if it goes to the profile, False if it goes to the inbox as a draft."""
        return self.mode == "direct"

    @property
    def is_over(self) -> bool:
        """True if its status is final, except that a draft may still be posted."""
        return self.status in TERMINAL

    @property
    def is_pending_share(self) -> bool:
        """True if it counts as a draft that waits for its creator."""
        return not self.is_direct and self.status not in ("FAILED", "PUBLISH_COMPLETE")

    def drop_files(self) -> None:
        """Remove the bytes that were received; sizes and checksum stay."""
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files = []

    @property
    def publish_type(self) -> str:
        """The mode as webhooks name it."""
        return "DIRECT_PUBLISH" if self.is_direct else "INBOX_SHARE"


class Publications(Mapping[str, SimulatedPublication]):
    """Publications by publish_id, oldest first; also found by creator and by upload."""

    def __init__(self) -> None:
        self._by_id: dict[str, SimulatedPublication] = {}
        self._of_creator: dict[str, list[SimulatedPublication]] = {}
        self.uploads: dict[str, SimulatedPublication] = {}
        self.init_counts: dict[tuple[str, str], int] = {}
        self._media_bytes: dict[str, int] = {}
        self._media_total = 0

    def __getitem__(self, publish_id: str) -> SimulatedPublication:
        return self._by_id[publish_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def of_creator(self, username: str) -> list[SimulatedPublication]:
        """Returns a creator's publications over all apps, oldest first."""
        return self._of_creator.get(username, [])

    def add(self, publication: SimulatedPublication) -> None:
        """Add a publication; the caller then calls `forget_oldest`."""
        self._by_id[publication.publish_id] = publication
        self._of_creator.setdefault(publication.username, []).append(publication)
        if publication.upload_id is not None:
            self.uploads[publication.upload_id] = publication
        pair = (publication.client_key, publication.username)
        self.init_counts[pair] = max(self.init_counts.get(pair, 0), publication.init_count)

    def forget_oldest(self, keep: int, now: float) -> None:
        """Forget the oldest finished publications beyond `keep`; their posts stay on the profile.

        Those of the last day count for caps: they are forgotten only when there are more than twice as many as `keep`.
        """
        surplus = len(self._by_id) - keep
        if surplus <= 0:
            return
        is_far_too_many = surplus > keep + SPARE
        for publication in list(self._by_id.values())[: surplus + SPARE]:
            if surplus <= 0:
                return
            if is_far_too_many or (publication.is_over and (publication.finished_at or now) <= now - DAY):
                self._forget(publication)
                surplus -= 1

    def keep_media(self, publication: SimulatedPublication, keep_bytes: int) -> None:
        """Record that the media of a publication are kept, and remove the oldest media beyond `keep_bytes`."""
        forgotten = self._media_bytes.pop(publication.publish_id, 0)
        self._media_bytes[publication.publish_id] = publication.received_bytes
        self._media_total += publication.received_bytes - forgotten
        while self._media_total > keep_bytes:
            self._forget_media(next(iter(self._media_bytes)))

    def _forget(self, publication: SimulatedPublication) -> None:
        self._forget_media(publication.publish_id)
        publication.drop_files()
        del self._by_id[publication.publish_id]
        self._of_creator[publication.username].remove(publication)
        self.uploads.pop(publication.upload_id or "", None)

    def _forget_media(self, publish_id: str) -> None:
        self._media_total -= self._media_bytes.pop(publish_id, 0)
        publication = self._by_id.get(publish_id)
        if publication is not None:
            publication.drop_files()

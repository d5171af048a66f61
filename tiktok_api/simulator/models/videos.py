"""Videos and photo posts on profiles, found by id and by profile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tiktok_api.simulator.models.creators import PRIVACY_LEVELS, PUBLIC
from tiktok_api.simulator.options.declarations import option, required

MOST_VIDEOS = 100_000


@dataclass
class SimulatedVideo:
    """A video or photo post on a creator's profile."""

    id: int
    username: str
    created_ms: int
    title: str = required("its text", longest=4_000, is_raw=True)
    privacy_level: str = option(PUBLIC, "who may see it", choices=PRIVACY_LEVELS)
    duration: int = option(15, "seconds", most=36_000)
    width: int = option(1080, "pixels", least=1, most=32_768)
    height: int = option(1920, "pixels", least=1, most=32_768)
    is_aigc: bool = option(False, "marked as made by AI")
    is_photo: bool = option(False, "a photo post")
    publish_id: str | None = None
    client_key: str | None = None
    cleared: bool = option(True, "moderation has approved it")
    removed_at: float | None = None
    reach: int = 0
    adjustments: dict[str, int] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """True if at least its owner can watch it."""
        return self.removed_at is None

    @property
    def is_public(self) -> bool:
        """True if everyone can watch it: it exists, moderation has approved it and its privacy level says so."""
        return self.is_live and self.cleared and self.privacy_level == PUBLIC


class Videos(Mapping[int, SimulatedVideo]):
    """Videos by id, oldest first; no two videos of one creator have the same millisecond."""

    def __init__(self) -> None:
        self._by_id: dict[int, SimulatedVideo] = {}
        self._profiles: dict[str, dict[int, SimulatedVideo]] = {}

    def __getitem__(self, video_id: int) -> SimulatedVideo:
        return self._by_id[video_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def of_creator(self, username: str) -> list[SimulatedVideo]:
        """Returns a creator's videos, newest first."""
        return sorted(self._profiles.get(username, {}).values(), key=lambda video: -video.created_ms)

    def free_millisecond(self, username: str, created_ms: int) -> int:
        """Returns the first millisecond from `created_ms` on at which the creator has no video."""
        profile = self._profiles.get(username, {})
        while created_ms in profile:
            created_ms += 1
        return created_ms

    def add(self, video: SimulatedVideo) -> None:
        """Add a video, and forget the oldest ones beyond MOST_VIDEOS."""
        self._by_id[video.id] = self._profiles.setdefault(video.username, {})[video.created_ms] = video
        while len(self._by_id) > MOST_VIDEOS:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            self._profiles[oldest.username].pop(oldest.created_ms, None)

"""All videos of a world, photo posts included, found by id and by profile."""

from collections.abc import Iterator, Mapping

from tiktok_api.simulator.records.models import SimulatedVideo

MOST_VIDEOS = 100_000


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

"""All publications of a world, with the bytes received for them, and which of them are forgotten."""

from collections.abc import Iterator, Mapping

from tiktok_api.simulator.records.models import SimulatedPublication

DAY = 86_400.0
SPARE = 64
"""Publications that are looked at beyond the surplus, and that may be kept beyond twice the number to keep."""


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

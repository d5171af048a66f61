"""Lanes: kinds of jobs that share threads. What waits in one lane delays no other one."""

from enum import StrEnum

from tiktok_api.settings import Settings

_FEW_THREADS = 2


class Lane(StrEnum):
    """PUBLISH brings posts to TikTok, RENEW renews and revokes tokens, DELIVER is for mail and for TikTok's webhooks.

    SYNC reads accounts and cleans up, MEDIA inspects and deletes files and converts photos, IMPORT downloads them. FILM makes
    videos: one may take many minutes and a gigabyte of memory, so that each worker makes one at a time.
    """

    PUBLISH = "publish"
    RENEW = "renew"
    DELIVER = "deliver"
    SYNC = "sync"
    MEDIA = "media"
    IMPORT = "import"
    FILM = "film"

    def count_threads(self, settings: Settings) -> int:
        """Returns how many of its jobs one worker runs at a time."""
        if self is Lane.MEDIA:
            return settings.worker_media_threads
        if self is Lane.FILM:
            return 1
        if self in (Lane.RENEW, Lane.DELIVER):
            return min(_FEW_THREADS, settings.worker_threads)
        return settings.worker_threads

    def most_per_owner(self, threads: int) -> int:
        """Returns how many of its `threads` one owner may hold.

        The server of an import decides how long it takes, so one owner's slow servers always leave a thread to others.
        """
        return max(1, threads - 1) if self is Lane.IMPORT else threads

"""flask-limiter's limits of single routes, counted where the quota of all requests is."""

import time

from limits.storage import MovingWindowSupport, Storage

from tiktok_api.extensions import service
from tiktok_api.web.limits.counts import Counts


class LimiterStorage(Storage, MovingWindowSupport):
    """The Counts of the current application: the process has one limiter, but each application its own settings."""

    STORAGE_SCHEME = ["tiktok-api"]  # noqa: RUF012  # `limits` reads it from the class

    @property
    def base_exceptions(self) -> type[Exception]:  # pragma: no cover  # it raises none
        """It raises none."""
        return OSError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount`, if it fits."""
        return service(Counts).count(key, limit, expiry, amount).fits

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the window began, and how much of it is used."""
        found = service(Counts).count(key, limit, expiry, 0)
        return time.time() + found.reset_seconds - expiry, found.used

    # What follows belongs to other strategies than ours, and is never called; the class must have it.

    def check(self) -> bool:  # pragma: no cover
        """It always counts."""
        return True

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:  # pragma: no cover
        """Moving windows have no counter."""
        raise NotImplementedError

    def get(self, key: str) -> int:  # pragma: no cover
        """Moving windows have no counter."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:  # pragma: no cover
        """Moving windows have no counter."""
        raise NotImplementedError

    def reset(self) -> int | None:  # pragma: no cover
        """Windows end by themselves."""
        raise NotImplementedError

    def clear(self, key: str) -> None:  # pragma: no cover
        """Windows end by themselves."""
        raise NotImplementedError

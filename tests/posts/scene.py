"""A stage for tests of publishing: the owner's posts, the worker, the time, and what TikTok has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Post = dict[str, Any]


@dataclass(frozen=True)
class Publishing:
    """`post = publishing.make_post(); publishing.begin(post); publishing.run(); publishing.shown(post)["state"]`.

    Each attribute is the fixture of that meaning (`run` is `run_jobs`, `shown` is `publication_of`, `live` is `live_videos`).
    """

    tiktok: Any
    """The simulator's control: knobs, mischief, creators, and what was requested."""
    make_video: Callable[..., str]
    make_post: Callable[..., Post]
    begin: Callable[[Post], None]
    """Publish a post now; the worker has not seen it yet."""
    run: Callable[[], int]
    """Do what is due, once."""
    pass_time: Callable[[float], None]
    """Let seconds of business time go by, here and at TikTok."""
    run_until: Callable[..., None]
    run_until_published: Callable[..., dict[str, Any]]
    shown: Callable[[Post], dict[str, Any]]
    """The publication of a post with one target, as its owner sees it."""
    count_inits: Callable[[], int]
    live: Callable[[], list[str]]
    live_titles: Callable[[], list[str | None]]

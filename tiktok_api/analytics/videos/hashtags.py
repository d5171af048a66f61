"""How posts with each hashtag did: medians, since one post that went viral would carry every mean."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tiktok_api.analytics.selection import Selection
from tiktok_api.analytics.series import RATE_DIGITS
from tiktok_api.analytics.videos.published import ENOUGH_POSTS, posts_of
from tiktok_api.analytics.windows import Window
from tiktok_api.auth.identity import Identity

MOST_TAGS = 400
"""That are told, unless all are asked for."""


def hashtags_in(text: str) -> Iterator[str]:
    """The hashtags of a caption, without their signs: letters, marks and digits of any script, and the underscore."""
    for part in unicodedata.normalize("NFC", text).split("#")[1:]:
        length = next((place for place, sign in enumerate(part) if not _is_of_tag(sign)), len(part))
        if length:
            yield part[:length]


def _is_of_tag(sign: str) -> bool:
    return sign == "_" or unicodedata.category(sign)[0] in "LMN"


@dataclass(slots=True)
class _Tag:
    spellings: Counter[str] = field(default_factory=Counter)
    posts: list[Any] = field(default_factory=list)


def tell_hashtags(
    caller: Identity, selection: Selection, window: Window, *, min_posts: int, most: int | None = MOST_TAGS
) -> dict[str, Any]:
    """The hashtags of the posts that were published in a window, those of most posts first. Raises TooManyPosts."""
    posts = posts_of(caller.user_id, selection, window)
    tags: dict[str, _Tag] = {}
    tagged = 0
    for post in posts:
        spellings = {spelling.casefold(): spelling for spelling in hashtags_in(post.description or post.title or "")}
        tagged += bool(spellings)
        for name, spelling in spellings.items():
            tag = tags.setdefault(name, _Tag())
            tag.spellings[spelling] += 1
            tag.posts.append(post)
    told = [_tell(name, tag, len(posts)) for name, tag in tags.items() if len(tag.posts) >= min_posts]
    told.sort(key=lambda each: (-each["posts"], -(each["median_views"] or 0), each["name"]))
    return {
        "window": window,
        "posts": len(posts),
        "tagged_posts": tagged,
        "hashtags": told[:most],
        "has_more": most is not None and len(told) > most,
        "statement": _state(posts, tags),
    }


def _tell(name: str, tag: _Tag, all_posts: int) -> dict[str, Any]:
    read = [post for post in tag.posts if post.views is not None]
    rates = [(post.likes + post.comments + post.shares) / post.views for post in read if post.views > 0]
    spelling = min(tag.spellings, key=lambda each: (-tag.spellings[each], each))
    return {
        "name": name,
        "hashtag": spelling,
        "posts": len(tag.posts),
        "posts_read": len(read),
        "share_of_posts": round(len(tag.posts) / all_posts, RATE_DIGITS),
        "median_views": median(post.views for post in read) if read else None,
        "median_engagement_rate": round(median(rates), RATE_DIGITS) if rates else None,
        "is_enough": len(read) >= ENOUGH_POSTS,
        "best_post": max(read, key=lambda post: post.views, default=None),
    }


def _state(posts: Sequence[Any], tags: dict[str, _Tag]) -> str | None:
    """A sentence on what the numbers cannot tell; None if some hashtag has enough posts."""
    if not posts:
        return "No post was published in this window."
    if not tags:
        return f"None of the {len(posts)} posts of this window has a hashtag."
    if max(len(tag.posts) for tag in tags.values()) < ENOUGH_POSTS:
        return f"Only {len(posts)} posts, and fewer than {ENOUGH_POSTS} with any one hashtag: their medians say little."
    return None

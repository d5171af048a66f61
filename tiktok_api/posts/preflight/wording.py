"""The words of a post as TikTok counts them: lengths in UTF-16 code units, hashtags and mentions."""

import re
from dataclasses import dataclass

from tiktok_api.posts.preflight.rules import LONGEST, utf16_length
from tiktok_api.posts.publishing.content import PostContent, used_by
from tiktok_api.posts.vocabulary import PostMode, PostType

MANY_HASHTAGS, MANY_MENTIONS = 30, 20
"""TikTok documents no limit for either; so many look like spam, and `spam_risk_text` is final."""
_HASHTAG, _MENTION = (re.compile(rf"(?<![\w&]){sign}([^\s#@]+)") for sign in "#@")
LIMITS = {
    kind: {name: longest if name in used_by(kind, PostMode.DIRECT) else None for name, longest in LONGEST.items()}
    for kind in PostType
}
"""UTF-16 code units of each text, by the type of the post; None: such a post has no such text."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What was counted in the texts of one publication; `lengths` in UTF-16 code units, by the name of the text."""

    lengths: dict[str, int]
    hashtags: list[str]
    mentions: list[str]


def count_words(content: PostContent) -> Wording:
    """Returns the lengths, hashtags and mentions of the texts that a post has."""
    texts = {name: getattr(content, name) or "" for name in LONGEST}
    together = "\n".join(texts.values())
    lengths = {name: utf16_length(text) for name, text in texts.items()}
    return Wording(lengths, _HASHTAG.findall(together), _MENTION.findall(together))

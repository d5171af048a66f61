"""The states of publications and attempts, and the groups of them that rules use: each group is written once, here."""

from enum import StrEnum


class PublicationState(StrEnum):
    """Where a publication is. The sets below are groups of states; properties ask for them."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    DUE = "due"
    PREPARING = "preparing"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    PUBLISHED = "published"
    PUBLICLY_AVAILABLE = "publicly_available"
    NO_LONGER_AVAILABLE = "no_longer_available"
    INBOX_DELIVERED = "inbox_delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"

    @property
    def is_waiting_for_its_time(self) -> bool:
        """True until the worker takes it up for the first time."""
        return self in WAITING_FOR_ITS_TIME

    @property
    def is_cancellable(self) -> bool:
        """True while it is still to go out: it counts as planned, a worker may begin it, and a person may stop it."""
        return self in CANCELLABLE

    @property
    def is_visible(self) -> bool:
        """True while people can see it on TikTok, as far as we know."""
        return self in VISIBLE

    @property
    def is_live(self) -> bool:
        """True once people could see it on TikTok, even if it was taken down since."""
        return self in LIVE

    @property
    def is_followed(self) -> bool:
        """True where TikTok may still tell more: the id of a post, or what became of a draft."""
        return self in ARRIVED and self is not PublicationState.NO_LONGER_AVAILABLE

    @property
    def has_ended(self) -> bool:
        """True once nothing more happens without a person, or without news from TikTok."""
        return self in ENDED

    @property
    def has_left(self) -> bool:
        """True for all but drafts and what ended before TikTok had it."""
        return self not in NEVER_LEFT


WAITING_FOR_ITS_TIME = frozenset({PublicationState.SCHEDULED, PublicationState.DUE})
UNBEGUN = WAITING_FOR_ITS_TIME | {PublicationState.PREPARING}
CANCELLABLE = UNBEGUN | {PublicationState.UPLOADING, PublicationState.HELD}
TO_GO_OUT = tuple(state for state in PublicationState if state in CANCELLABLE)
"""The same in the order of their declaration, as partial indexes name them."""
VISIBLE = frozenset({PublicationState.PUBLISHED, PublicationState.PUBLICLY_AVAILABLE})
LIVE = VISIBLE | {PublicationState.NO_LONGER_AVAILABLE}
ARRIVED = LIVE | {PublicationState.INBOX_DELIVERED}
"""TikTok has it: live, or in the creator's inbox."""
ENDED = ARRIVED | {PublicationState.FAILED, PublicationState.CANCELLED}
NEVER_LEFT = frozenset({PublicationState.DRAFT, PublicationState.FAILED, PublicationState.CANCELLED})
UNFINISHED = (
    PublicationState.DUE,
    PublicationState.PREPARING,
    PublicationState.UPLOADING,
    PublicationState.PROCESSING,
    PublicationState.HELD,
    PublicationState.UNCONFIRMED,
)
"""Begun or due, and not ended: what a worker or a person still has to look after, in the order in which it is shown."""


class AttemptState(StrEnum):
    """INTENT, OPEN and FINAL are alive: a database constraint lets a publication have one of them at most."""

    INTENT = "intent"  # we are about to ask TikTok for a publish_id
    OPEN = "open"  # it is durable, and the last byte has not left
    FINAL = "final"  # the last byte may have left: only TikTok knows
    SUCCEEDED = "succeeded"
    ABANDONED = "abandoned"  # proven unable to go live: no byte, or not the last one, was ever sent
    DEAD = "dead"  # ended by TikTok, or its upload URL lapsed before the last byte


ALIVE = (AttemptState.INTENT, AttemptState.OPEN, AttemptState.FINAL)
"""The attempt may still go live."""
RECEIVED = (AttemptState.FINAL, AttemptState.SUCCEEDED)
"""Attempts that count as posts at TikTok: it has, or may have, the last byte."""

"""The knobs: every behaviour that TikTok leaves open, or that a test wants otherwise, with its default and meaning."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tiktok_api.simulator.clock import from_iso

LIMITS = {
    "user_info": 600,
    "video_list": 600,
    "video_query": 600,
    "creator_info": 20,
    "video_init": 6,
    "inbox_init": 6,
    "photo_init": 6,
    "status": 30,
    "display_per_user": 0,
}
"""Calls a minute: the Display endpoints per app, the posting ones per user token; 0 is no limit."""


class UnknownKnob(ValueError):
    """There is no such knob, or it cannot be turned to that."""


def knob(default: Any, meaning: str, choices: tuple[Any, ...] = ()) -> Any:
    """A knob with its default, its meaning for people and, where not every value is possible, the possible ones."""
    metadata = {"meaning": meaning, "choices": choices}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def _check_time(text: str) -> None:
    try:
        from_iso(text)
    except ValueError as error:
        raise UnknownKnob(f"start_at: {error}") from error


@dataclass
class Knobs:
    """All knobs; durations are seconds of virtual time."""

    seed: int = knob(1, "what ids, tokens, names and growth are drawn from; counts from the next reset")
    start_at: str = knob("", "where the clock starts (RFC 3339); empty: now; counts from the next reset")
    extra_creators: int = knob(0, "more public creators, creator0001 and on; counts from the next reset")
    callbacks: Sequence[str] = knob((), "redirect URIs of the default desktop app instead of the product's callback")
    webhook_url: str = knob("", "callback URL of the default apps; empty: none; counts from the next reset")

    rotation: str = knob("always", "whether a refresh changes the refresh token", ("always", "never", "random"))
    old_refresh_survives: bool = knob(False, "a rotated refresh token keeps working")
    refresh_restarts: bool = knob(False, "a refresh restarts the life of the refresh token")
    refresh_rejected: bool = knob(False, "every refresh of a sandbox app is answered invalid_grant")
    access_token_seconds: int = knob(86_400, "life of an access token")
    refresh_token_seconds: int = knob(31_536_000, "life of a refresh token from the consent on")
    code_seconds: int = knob(600, "life of an authorization code")
    oauth_error_status: int = knob(200, "HTTP status of OAuth errors", (200, 400, 401))
    revoke_body: str = knob("object", "body of a successful revoke: {} or nothing", ("object", "empty"))
    web_pkce: str = knob("either", "which challenge a web app may send", ("either", "hex", "base64url", "ignored"))

    error_data: str = knob("empty", "data beside an error: {} or left out", ("empty", "absent"))
    union_id_missing: bool = knob(False, "user/info leaves union_id out even when asked for it")
    missing_scope: str = knob(
        "scope_not_authorized",
        "answer to a field outside the granted scopes",
        ("scope_not_authorized", "scope_permission_missed", "zeros"),
    )
    param_code: str = knob("invalid_params", "spelling of the parameter error", ("invalid_params", "invalid_param"))
    limits: dict[str, int] = knob(  # noqa: RUF009 - it makes a factory
        LIMITS, "calls a minute by endpoint, 0 for none; only the named ones change"
    )
    avatar_seconds: int = knob(86_400, "life of an avatar URL in user/info")
    query_cursor: bool = knob(False, "video/query answers cursor 0 and has_more false too")
    short_pages: bool = knob(False, "video/list answers half pages while has_more is true")
    photos_in_video_list: bool = knob(False, "photo posts appear in video/list and video/query")
    growth: bool = knob(True, "counters evolve by the model; off: they stand still unless changed by hand")

    single_chunk_rule: bool = knob(True, "one chunk must be the whole video (in force since August 2026)")
    strict_chunks: bool = knob(False, "chunks at least 5,242,880 bytes instead of 5,000,000, at most 67,108,864 anyway")
    upload_url_seconds: int = knob(3_600, "life of an upload_url")
    upload_lapse_seconds: int = knob(86_400, "an unfinished upload fails after that")
    content_range: str = knob(
        "count", "what follows 0- in the answer to a chunk: bytes or last index", ("count", "last")
    )
    reput_status: int = knob(416, "answer to a chunk that was stored already", (200, 201, 206, 416))
    inspect_media: bool = knob(True, "open what was received and refuse what breaks the media limits")
    keep_media: bool = knob(True, "keep received bytes once they have been inspected")
    processing_seconds: float = knob(2.0, "from the last byte to the verdict")
    processing_seconds_per_gb: float = knob(60.0, "more of it per 1,000,000,000 bytes")
    moderation_seconds: float = knob(20.0, "from PUBLISH_COMPLETE to the public post id")
    post_id_never: bool = knob(False, "no public post id ever appears in status/fetch")

    post_cap: int = knob(15, "direct posts per creator in 24 h, over all apps")
    pending_share_cap: int = knob(5, "drafts that may wait in one inbox")
    pending_share_rule: str = knob("rolling", "counted over 24 h, or all that are held", ("rolling", "held"))
    unaudited_user_cap: int = knob(5, "creators that may post through an unaudited app in 24 h")
    unaudited_visibility_code: str = knob(
        "unaudited_client_can_only_post_to_private_accounts",
        "answer to more than SELF_ONLY by an unaudited app for a private account",
        ("unaudited_client_can_only_post_to_private_accounts", "privacy_level_option_mismatch"),
    )
    branded_self_only: str = knob("accept", "branded content with SELF_ONLY", ("accept", "refuse"))
    draft_expiry_seconds: int = knob(0, "a draft leaves the inbox after that; 0: never")

    allow_http: bool = knob(False, "pull and deliver webhooks over http, and from loopback addresses")
    loopback_verified: bool = knob(True, "with allow_http, loopback URLs need no verified prefix")
    pull_timeout_seconds: int = knob(3_600, "a pull must be through by then")
    pull_delay_seconds: float = knob(0.0, "from the init to the first byte of a pull")

    webhook_duplicates: int = knob(0, "how many more times each event is delivered")
    webhook_late_seconds: float = knob(0.0, "each event is delivered that much later")
    webhook_reverse_seconds: float = knob(0.0, "events are collected that long and delivered newest first")
    webhook_resign: bool = knob(True, "a retry carries a new timestamp and signature; off: the first header again")
    webhook_retry_seconds: float = knob(10.0, "first pause before a retry, doubled each time")
    webhook_give_up_seconds: float = knob(259_200.0, "no retry after that")

    def turn(self, changes: dict[str, Any]) -> None:
        """Change some knobs, all or none; raises UnknownKnob with the reason."""
        known = {each.name: each for each in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise UnknownKnob(f"there is no knob {name!r}")
            self._check(name, value, known[name].metadata["choices"])
        for name, value in changes.items():
            setattr(self, name, {**self.limits, **value} if name == "limits" else value)

    def _check(self, name: str, value: Any, choices: tuple[Any, ...]) -> None:
        if choices and value not in choices:
            raise UnknownKnob(f"{name} is one of {', '.join(map(str, choices))}")
        if name == "callbacks":
            if not (isinstance(value, list | tuple) and all(isinstance(uri, str) for uri in value)):
                raise UnknownKnob("callbacks is a list of URIs")
            return
        wanted = type(getattr(Knobs(), name))
        fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            raise UnknownKnob(f"{name} is {wanted.__name__}")
        if name == "limits" and not all(key in LIMITS and type(each) is int for key, each in value.items()):
            raise UnknownKnob(f"limits are whole numbers for {', '.join(LIMITS)}")
        if wanted in (int, float) and name != "seed" and not 0 <= value < math.inf:
            raise UnknownKnob(f"{name} is at least 0")
        if name == "start_at" and value:
            _check_time(value)

    def as_dict(self) -> dict[str, Any]:
        """All knobs as they stand."""
        return asdict(self)

    @staticmethod
    def at_reset() -> tuple[str, ...]:
        """The knobs that count from a reset on."""
        return ("seed", "start_at", "extra_creators", "callbacks", "webhook_url")

    @staticmethod
    def described() -> list[dict[str, Any]]:
        """Name, default, meaning and choices of every knob, for the page."""
        defaults = Knobs()
        return [{"name": each.name, "default": getattr(defaults, each.name), **each.metadata} for each in fields(Knobs)]

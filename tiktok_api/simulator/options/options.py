"""The options of the simulator: every behaviour that TikTok does not document, or that a test wants to change.

The control API calls them `knobs`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tiktok_api.simulator.options.declarations import AT_RESET, InvalidValue, checked, option, options_of
from tiktok_api.simulator.options.timestamps import from_iso

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


LONGEST_SECONDS = 10 * 365 * 86_400
"""Ten years: the virtual clock ends in 2037."""
LARGEST_COUNT = 1_000_000


class InvalidOption(ValueError):
    """There is no such option, or it cannot have this value."""


def setting(default: Any, meaning: str, choices: tuple[Any, ...] = (), **rules: Any) -> Any:
    """Declare an option with its default, its meaning and, where only some values are possible, those values."""
    return option(default, meaning, choices=choices, **rules)


def seconds(default: float, meaning: str, **rules: Any) -> Any:
    """Declare an option that is a duration."""
    return option(default, meaning, most=LONGEST_SECONDS, **rules)


def count(default: int, meaning: str, **rules: Any) -> Any:
    """Declare an option that is a number of things."""
    return option(default, meaning, **{"most": LARGEST_COUNT, **rules})


@dataclass
class Options:
    """All options; durations are seconds of virtual time."""

    seed: int = setting(1, "what ids, tokens, names and growth are drawn from", least=-(2**53), takes_effect=AT_RESET)
    start_at: str = setting(
        "",
        "where the clock starts (RFC 3339); empty: now",
        longest=64,
        form=(lambda text: not text or bool(from_iso(text)), "an RFC 3339 time with its zone, from 1980 to 2037"),
        takes_effect=AT_RESET,
    )
    extra_creators: int = setting(0, "more public creators, creator0001 and on", most=5_000, takes_effect=AT_RESET)
    callbacks: Sequence[str] = setting(
        [],
        "redirect URIs of the default desktop app instead of the product's callback",
        longest=511,
        most_items=10,
        takes_effect=AT_RESET,
    )
    webhook_url: str | None = setting(
        "", "callback URL of the default apps; empty: none", nullable=True, takes_effect=AT_RESET
    )

    rotation: str = setting("always", "whether a refresh changes the refresh token", ("always", "never", "random"))
    old_refresh_survives: bool = setting(False, "a rotated refresh token keeps working")
    refresh_restarts: bool = setting(False, "a refresh restarts the life of the refresh token")
    refresh_rejected: bool = setting(False, "every refresh of a sandbox app is answered invalid_grant")
    access_token_seconds: int = seconds(86_400, "life of an access token")
    refresh_token_seconds: int = seconds(31_536_000, "life of a refresh token from the consent on")
    code_seconds: int = seconds(600, "life of an authorization code")
    oauth_error_status: int = setting(200, "HTTP status of OAuth errors", (200, 400, 401))
    revoke_body: str = setting("object", "body of a successful revoke: {} or nothing", ("object", "empty"))
    web_pkce: str = setting("either", "which challenge a web app may send", ("either", "hex", "base64url", "ignored"))

    error_data: str = setting("empty", "data beside an error: {} or left out", ("empty", "absent"))
    union_id_missing: bool = setting(False, "user/info leaves union_id out even when asked for it")
    missing_scope: str = setting(
        "scope_not_authorized",
        "answer to a field outside the granted scopes",
        ("scope_not_authorized", "scope_permission_missed", "zeros"),
    )
    param_code: str = setting("invalid_params", "spelling of the parameter error", ("invalid_params", "invalid_param"))
    limits: dict[str, int] = setting(  # noqa: RUF009 - it makes a factory
        LIMITS,
        "calls a minute by endpoint, 0 for none; only the named ones change",
        kind="numbers",
        most=LARGEST_COUNT,
    )
    avatar_seconds: int = seconds(86_400, "life of an avatar URL in user/info")
    query_cursor: bool = setting(False, "video/query answers cursor 0 and has_more false too")
    short_pages: bool = setting(False, "video/list answers half pages while has_more is true")
    photos_in_video_list: bool = setting(False, "photo posts appear in video/list and video/query")
    growth: bool = setting(True, "counters evolve by the model; off: they stand still unless changed by hand")

    single_chunk_rule: bool = setting(True, "one chunk must be the whole video (in force since August 2026)")
    strict_chunks: bool = setting(
        False, "chunks at least 5,242,880 bytes instead of 5,000,000, at most 67,108,864 anyway"
    )
    upload_url_seconds: int = seconds(3_600, "life of an upload_url")
    upload_lapse_seconds: int = seconds(86_400, "an unfinished upload fails after that")
    content_range: str = setting(
        "count", "what follows 0- in the answer to a chunk: bytes or last index", ("count", "last")
    )
    reput_status: int = setting(416, "answer to a chunk that was stored already", (200, 201, 206, 416))
    inspect_media: bool = setting(True, "open what was received and refuse what breaks the media limits")
    keep_media: bool = setting(True, "keep received bytes once they have been inspected")
    media_bytes_kept: int = setting(4 << 30, "beyond that the oldest inspected media are removed", most=1 << 40)
    publications_kept: int = count(10_000, "beyond that the oldest finished publications are forgotten", least=1)
    processing_seconds: float = seconds(2.0, "from the last byte to the verdict")
    processing_seconds_per_gb: float = seconds(60.0, "more of it per 1,000,000,000 bytes")
    moderation_seconds: float = seconds(20.0, "from PUBLISH_COMPLETE to the public post id")
    post_id_never: bool = setting(False, "no public post id ever appears in status/fetch")

    post_cap: int = count(15, "direct posts per creator in 24 h, over all apps")
    pending_share_cap: int = count(5, "drafts that may wait in one inbox")
    pending_share_rule: str = setting("rolling", "counted over 24 h, or all that are held", ("rolling", "held"))
    unaudited_user_cap: int = count(5, "creators that may post through an unaudited app in 24 h")
    unaudited_visibility_code: str = setting(
        "unaudited_client_can_only_post_to_private_accounts",
        "answer to more than SELF_ONLY by an unaudited app for a private account",
        ("unaudited_client_can_only_post_to_private_accounts", "privacy_level_option_mismatch"),
    )
    branded_self_only: str = setting("accept", "branded content with SELF_ONLY", ("accept", "refuse"))
    draft_expiry_seconds: int = seconds(0, "a draft leaves the inbox after that; 0: never")

    allow_http: bool = setting(False, "pull and deliver webhooks over http, and from loopback addresses")
    loopback_verified: bool = setting(True, "with allow_http, loopback URLs need no verified prefix")
    pull_timeout_seconds: int = seconds(3_600, "a pull must be through by then")
    pull_delay_seconds: float = seconds(0.0, "from the init to the first byte of a pull")

    webhook_duplicates: int = setting(0, "how many more times each event is delivered", most=10)
    webhook_late_seconds: float = seconds(0.0, "each event is delivered that much later")
    webhook_reverse_seconds: float = seconds(0.0, "events are collected that long and delivered newest first")
    webhook_resign: bool = setting(True, "a retry carries a new timestamp and signature; off: the first header again")
    webhook_retry_seconds: float = seconds(10.0, "first pause before a retry, doubled each time")
    webhook_give_up_seconds: float = seconds(259_200.0, "no retry after that")

    def change(self, changes: dict[str, Any]) -> None:
        """Change some options, all or none. Raises InvalidOption."""
        for name, value in self.checked(changes).items():
            setattr(self, name, value)

    def checked(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Returns all changes in the form in which they are stored. Raises InvalidOption."""
        try:
            found = checked(options_of(Options), changes)
        except InvalidValue as error:
            raise InvalidOption(str(error)) from error
        if "limits" in found:
            found["limits"] = {**self.limits, **found["limits"]}
        if "webhook_url" in found:
            found["webhook_url"] = found["webhook_url"] or ""
        return found

    def as_dict(self) -> dict[str, Any]:
        """Returns all options with their values."""
        return asdict(self)

    @staticmethod
    def at_reset() -> frozenset[str]:
        """Returns the names of the options that take effect at a reset."""
        return frozenset(name for name, each in options_of(Options).items() if each.takes_effect == AT_RESET)

    @staticmethod
    def described() -> list[dict[str, Any]]:
        """Returns the declaration of every option."""
        return [each.described(name) for name, each in options_of(Options).items()]

"""Mischief: rules that make the nth call of an endpoint go wrong."""

import itertools
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from tiktok_api.simulator.world.option_types import BadValue, checked, needed, option, options_of

ENDPOINTS = (
    "authorize",
    "consent",
    "token",
    "refresh",
    "client_token",
    "revoke",
    "user_info",
    "video_list",
    "video_query",
    "creator_info",
    "video_init",
    "inbox_init",
    "photo_init",
    "status",
    "cancel",
    "upload",
    "pull",
    "webhook",
    "any",
)
EFFECTS = ("status", "garbage", "delay", "slow", "drop", "cut", "duplicate")
MOMENTS = ("before", "after")
_SHORTHANDS = {"drop_before": ("drop", "before"), "drop_after": ("drop", "after")}
_AFTERWARDS = ("garbage", "slow", "cut")
MOST_RULES = 1_000
MOST_CALLS = 1_000_000
LONGEST_SECONDS = 365 * 86_400


class BadRule(ValueError):
    """A rule that cannot be followed, with the reason."""


@dataclass
class Rule:
    """One piece of mischief."""

    endpoint: str = needed("which calls count", choices=ENDPOINTS)
    effect: str = needed(
        "status (another answer), garbage (no JSON), delay, slow (byte by byte), drop (hang up), cut (hang up in the "
        "middle of the answer), duplicate (webhook only); drop_before and drop_after are short for drop with when",
        choices=EFFECTS,
    )
    when: str = option(
        "",
        "whether the call has had its effect; unless given, after for garbage, slow and cut, else before",
        choices=MOMENTS,
    )
    nth: int = option(1, "the first call to strike at, counted from now", least=1, most=MOST_CALLS)
    times: int = option(1, "how many calls in a row", least=1, most=MOST_CALLS)
    every: bool = option(False, "strike at every call from the nth on")
    status: int = option(500, "HTTP status of effect status", least=200, most=599)
    code: str = option("", "error code of effect status; unless given, one that goes with the status", longest=128)
    message: str = option("", "error message of effect status", longest=1_000)
    envelope: bool = option(True, "false: a page of HTML instead of TikTok's JSON")
    delay_seconds: float = option(0.0, "real seconds for delay; for webhooks virtual ones", most=LONGEST_SECONDS)
    seconds_per_byte: float = option(1.0, "pace of effect slow", most=3_600)
    at_byte: int | None = option(
        None,
        "upload only: strike when that many bytes of the body have been read",
        kind="integer",
        nullable=True,
        most=4 << 30,
    )
    username: str | None = option(None, "only calls for this creator", kind="text", nullable=True, longest=64)
    client_key: str | None = option(None, "only calls of this app", kind="text", nullable=True, longest=64)
    id: int = 0
    seen: int = 0
    fired: int = 0

    def concerns(self, endpoint: str, username: str | None, client_key: str | None) -> bool:
        """Whether a call counts for this rule."""
        return (
            self.endpoint in (endpoint, "any")
            and self.username in (None, username)
            and self.client_key in (None, client_key)
        )

    def count(self) -> bool:
        """Count a call; answers whether it is one to meddle with."""
        self.seen += 1
        return self.seen >= self.nth and (self.every or self.seen < self.nth + self.times)


@dataclass
class Mischief:
    """The rules in force, oldest first."""

    rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def add(self, facts: dict[str, Any]) -> Rule:
        """Put a rule into force; calls count from now on. Raises BadRule."""
        rule = _made(facts)
        with self._lock:
            if len(self.rules) >= MOST_RULES:
                raise BadRule(f"at most {MOST_RULES} rules at once: remove some")
            rule.id = next(self._ids)
            self.rules.append(rule)
        return rule

    def pick(self, endpoint: str, username: str | None, client_key: str | None) -> Rule | None:
        """Count a call with every rule that it concerns; answers the first that fires."""
        with self._lock:
            concerned = [rule for rule in self.rules if rule.concerns(endpoint, username, client_key)]
            firing = [rule for rule in concerned if rule.count()]
            if not firing:
                return None
            firing[0].fired += 1
            return firing[0]

    def load(self, rules: list[Rule]) -> None:
        """Put saved rules into force, with what they have counted."""
        with self._lock:
            self.rules = rules
            self._ids = itertools.count(1 + max((rule.id for rule in rules), default=0))

    def listed(self) -> list[dict[str, Any]]:
        """The rules with how often each has counted and fired."""
        with self._lock:
            return [asdict(rule) for rule in self.rules]

    def remove(self, rule_id: int) -> bool:
        """Take one rule out of force; answers whether there was one."""
        with self._lock:
            kept = [rule for rule in self.rules if rule.id != rule_id]
            found = len(kept) < len(self.rules)
            self.rules = kept
            return found

    def clear(self) -> None:
        """No more mischief."""
        with self._lock:
            self.rules = []


def _made(facts: dict[str, Any]) -> Rule:
    """A rule as an order describes it. Raises BadRule."""
    wanted = dict(facts)
    if isinstance(wanted.get("effect"), str) and wanted["effect"] in _SHORTHANDS:
        wanted["effect"], wanted["when"] = _SHORTHANDS[wanted["effect"]]
    if not wanted.get("when"):
        wanted["when"] = "after" if wanted.get("effect") in _AFTERWARDS else "before"
    try:
        found = checked(options_of(Rule), {"endpoint": None, "effect": None, **wanted})
    except BadValue as error:
        raise BadRule(str(error)) from error
    if found.get("at_byte") is not None and found["endpoint"] != "upload":
        raise BadRule("at_byte goes with the endpoint upload")
    return Rule(**found)

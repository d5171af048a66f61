"""Fault rules: which call of an endpoint fails, and how. The control API calls them `mischief`."""

import itertools
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from tiktok_api.simulator.options.declarations import InvalidValue, checked, option, options_of, required

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
_AFTER_BY_DEFAULT = ("garbage", "slow", "cut")
MOST_RULES = 1_000
MOST_CALLS = 1_000_000
LONGEST_SECONDS = 365 * 86_400


class InvalidFaultRule(ValueError):
    """A rule is not valid; the message says why."""


@dataclass
class FaultRule:
    """One rule: from the nth call on, for some calls, this effect."""

    endpoint: str = required("the calls that are counted", choices=ENDPOINTS)
    effect: str = required(
        "status (another answer), garbage (no JSON), delay, slow (byte by byte), drop (hang up), cut (hang up in the "
        "middle of the answer), duplicate (webhook only); drop_before and drop_after are short for drop with when",
        choices=EFFECTS,
    )
    when: str = option(
        "",
        "before or after the call has its effect; unless given, after for garbage, slow and cut, else before",
        choices=MOMENTS,
    )
    nth: int = option(1, "the first call that fails, counted from now", least=1, most=MOST_CALLS)
    times: int = option(1, "how many calls in a row fail", least=1, most=MOST_CALLS)
    every: bool = option(False, "every call from the nth on fails")
    status: int = option(500, "HTTP status of effect status", least=200, most=599)
    code: str = option("", "error code of effect status; unless given, one that goes with the status", longest=128)
    message: str = option("", "error message of effect status", longest=1_000)
    envelope: bool = option(True, "false: a page of HTML instead of TikTok's JSON")
    delay_seconds: float = option(0.0, "real seconds for delay; for webhooks virtual ones", most=LONGEST_SECONDS)
    seconds_per_byte: float = option(1.0, "speed of effect slow", most=3_600)
    at_byte: int | None = option(
        None,
        "upload only: the fault happens when this many bytes of the body have been read",
        kind="integer",
        nullable=True,
        most=4 << 30,
    )
    username: str | None = option(None, "only calls for this creator", kind="text", nullable=True, longest=64)
    client_key: str | None = option(None, "only calls of this app", kind="text", nullable=True, longest=64)
    id: int = 0
    seen: int = 0
    fired: int = 0

    def matches(self, endpoint: str, username: str | None, client_key: str | None) -> bool:
        """Returns True if this rule counts such a call."""
        return (
            self.endpoint in (endpoint, "any")
            and self.username in (None, username)
            and self.client_key in (None, client_key)
        )

    def count(self) -> bool:
        """Count a call. Returns True if the fault happens to it."""
        self.seen += 1
        return self.seen >= self.nth and (self.every or self.seen < self.nth + self.times)


@dataclass
class FaultRules:
    """The rules in force, oldest first."""

    rules: list[FaultRule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def add(self, facts: dict[str, Any]) -> FaultRule:
        """Add a rule, which counts calls from now on. Raises InvalidFaultRule."""
        rule = _read_rule(facts)
        with self._lock:
            if len(self.rules) >= MOST_RULES:
                raise InvalidFaultRule(f"at most {MOST_RULES} rules at once: remove some")
            rule.id = next(self._ids)
            self.rules.append(rule)
        return rule

    def pick(self, endpoint: str, username: str | None, client_key: str | None) -> FaultRule | None:
        """Count a call with every matching rule. Returns the first rule whose fault happens, or None."""
        with self._lock:
            matching = [rule for rule in self.rules if rule.matches(endpoint, username, client_key)]
            firing = [rule for rule in matching if rule.count()]
            if not firing:
                return None
            firing[0].fired += 1
            return firing[0]

    def load(self, rules: list[FaultRule]) -> None:
        """Replace all rules by saved ones, with their counters."""
        with self._lock:
            self.rules = rules
            self._ids = itertools.count(1 + max((rule.id for rule in rules), default=0))

    def listed(self) -> list[dict[str, Any]]:
        """Returns the rules with how many calls each has counted (`seen`) and made fail (`fired`)."""
        with self._lock:
            return [asdict(rule) for rule in self.rules]

    def remove(self, rule_id: int) -> bool:
        """Remove one rule. Returns False if there was none of this id."""
        with self._lock:
            kept = [rule for rule in self.rules if rule.id != rule_id]
            found = len(kept) < len(self.rules)
            self.rules = kept
            return found

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self.rules = []


def _read_rule(facts: dict[str, Any]) -> FaultRule:
    """Returns the rule that a request to the control API describes. Raises InvalidFaultRule."""
    wanted = dict(facts)
    if isinstance(wanted.get("effect"), str) and wanted["effect"] in _SHORTHANDS:
        wanted["effect"], wanted["when"] = _SHORTHANDS[wanted["effect"]]
    if not wanted.get("when"):
        wanted["when"] = "after" if wanted.get("effect") in _AFTER_BY_DEFAULT else "before"
    try:
        found = checked(options_of(FaultRule), {"endpoint": None, "effect": None, **wanted})
    except InvalidValue as error:
        raise InvalidFaultRule(str(error)) from error
    if found.get("at_byte") is not None and found["endpoint"] != "upload":
        raise InvalidFaultRule("at_byte goes with the endpoint upload")
    return FaultRule(**found)

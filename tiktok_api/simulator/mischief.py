"""Mischief: rules that make the nth call of an endpoint go wrong."""

import itertools
import math
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

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


MEANINGS = {
    "endpoint": f"which calls count: {', '.join(ENDPOINTS)}",
    "effect": "status (another answer), garbage (no JSON), delay, slow (byte by byte), drop (hang up), cut (hang up in "
    "the middle of the answer), duplicate (webhook only); drop_before and drop_after are short for drop with when",
    "when": "before or after the call has had its effect; unless given, after for garbage, slow and cut, else before",
    "nth": "the first call to strike at, counted from now; 1 unless given",
    "times": "how many calls in a row; 1 unless given",
    "every": "strike at every call from the nth on",
    "status": "HTTP status of effect status; 500 unless given",
    "code": "error code of effect status; server_error for OAuth, else rate_limit_exceeded with 429 or internal_error",
    "message": "error message of effect status",
    "envelope": "false: a page of HTML instead of TikTok's JSON",
    "delay_seconds": "real seconds for delay; for webhooks virtual ones",
    "seconds_per_byte": "pace of effect slow; 1 unless given",
    "at_byte": "upload only: strike when that many bytes of the body have been read",
    "username": "only calls for this creator",
    "client_key": "only calls of this app",
}
"""What each field of a rule says."""


KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("nth", "times", "status"), (int,)),
    **dict.fromkeys(("every", "envelope"), (bool,)),
    **dict.fromkeys(("code", "message"), (str,)),
    **dict.fromkeys(("delay_seconds", "seconds_per_byte"), (float, int)),
    **dict.fromkeys(("username", "client_key"), (str, type(None))),
    "at_byte": (int, type(None)),
}


class BadRule(ValueError):
    """A rule that cannot be followed, with the reason."""


@dataclass
class Rule:
    """One piece of mischief; MEANINGS says what each field is for."""

    endpoint: str
    effect: str
    when: str = ""
    nth: int = 1
    times: int = 1
    every: bool = False
    status: int = 500
    code: str = ""
    message: str = ""
    envelope: bool = True
    delay_seconds: float = 0.0
    seconds_per_byte: float = 1.0
    at_byte: int | None = None
    username: str | None = None
    client_key: str | None = None
    id: int = 0
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        self.effect, self.when = _SHORTHANDS.get(self.effect, (self.effect, self.when))
        if self.endpoint not in ENDPOINTS:
            raise BadRule(f"endpoint is one of {', '.join(ENDPOINTS)}")
        if self.effect not in EFFECTS:
            raise BadRule(f"effect is one of {', '.join((*EFFECTS, *_SHORTHANDS))}")
        self.when = self.when or ("after" if self.effect in _AFTERWARDS else "before")
        if self.when not in MOMENTS:
            raise BadRule("when is before or after")
        self._check_types()
        if self.nth < 1 or self.times < 1:
            raise BadRule("nth and times count from 1")
        if self.at_byte is not None and self.endpoint != "upload":
            raise BadRule("at_byte goes with the endpoint upload")

    def _check_types(self) -> None:
        for name, kinds in KINDS.items():
            value = getattr(self, name)
            if type(value) not in kinds:
                raise BadRule(f"{name} is {' or '.join(kind.__name__ for kind in kinds)}")
            if float in kinds and not 0 <= value < math.inf:
                raise BadRule(f"{name} is at least 0")
        if not 200 <= self.status <= 599:
            raise BadRule("status is 200 to 599")

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
        forbidden = {"id", "seen", "fired"} & facts.keys()
        if forbidden:
            raise BadRule(f"{', '.join(sorted(forbidden))} cannot be set")
        try:
            rule = Rule(**facts)
        except TypeError as error:
            raise BadRule(str(error)) from error
        with self._lock:
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

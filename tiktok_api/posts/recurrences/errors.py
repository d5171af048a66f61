"""The errors of recurrences."""

from tiktok_api.errors import Invalid


class RuleNotSupported(Invalid):
    message = "This server does not take this recurrence rule; the fault says which part."


class RuleWithoutOccurrence(Invalid):
    message = "Nothing ever happens by this rule: it has no occurrence in the next {years} years."


class StartNotPossible(Invalid):
    message = "A recurrence begins at most {back} days ago and at most {ahead} days ahead."

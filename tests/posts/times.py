"""Spans of time in seconds, and a time that is far away."""

HOUR, DAY = 3600, 86_400
NEXT_YEAR = "2200-03-02T12:00:00Z"

"""Answers of TikTok that are none: rules for the simulator's `mischief`, and their names as parameters of tests."""

UNUSABLE = [
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502, "envelope": False},
    {"effect": "garbage"},
    {"effect": "drop_before"},
    {"effect": "drop_after"},
]


def name(rule):
    return "_".join(str(value) for value in rule.values())

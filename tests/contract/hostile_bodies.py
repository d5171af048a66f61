"""JSON bodies that cost a server more than they cost their sender, built for the schema of an operation."""

from collections.abc import Iterator
from itertools import cycle, islice

ITEMS = {
    "empty objects": "{}",
    "empty arrays": "[]",
    "nulls": "null",
    "numbers": "7",
    "texts": '"x"',
    "unknown fields": '{"a":0,"b":0}',
    "NULs": r'"\u0000"',
    "nested arrays": "[[[[]]]]",
    "control characters": r'{"\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001":0}',
}
TEXTS = {"letters": "a.@", "marks that combine": "\u0301\u0316", "digits": "9", "NULs": r"\u0000"}


def bodies(names: list[str], size: int, *, share: int = 1) -> Iterator[tuple[str, bytes]]:
    """Bodies of almost `size` bytes, each with a name for people; `names` are the fields of the operation's schema.

    One of `share` kinds for each field: the next field has the next ones.
    """
    for kind, before, repeated, after in islice(_builds(names), 0, None, share):
        times = (size - len(before) - len(after)) // len(repeated.replace("%d", "9" * 7).encode())
        inner = "".join(repeated.replace("%d", f"{place:07}") for place in range(times)).removesuffix(",")
        yield kind, (before + inner + after).encode()


def _builds(names: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """The name of each kind, what comes before, what is repeated (`%d`: numbered), and what comes after."""
    yield "unknown members", "{", '"%d":0,', "}"
    yield "names of slashes", "{", '"' + "~/" * 20 + '%d":0,', "}"
    yield "long names", "{", '"' + "é" * 50 + '%d":0,', "}"
    yield "one name that has no end", '{"', "a", '":0}'
    yield "one member many times", "{", '"name":0,', "}"
    yield "an object in an object in an object", '{"a":' * 10 + "[", "[],", "]" + "}" * 10
    for kind, item in ITEMS.items():
        yield f"an array of {kind}", "[", f"{item},", "]"
    for name in names:
        for kind, text in TEXTS.items():
            yield f"{name}: {kind}", f'{{"{name}":"', text, '"}'
        for kind, item in ITEMS.items():
            yield f"{name}: {kind}", f'{{"{name}":[', f"{item},", "]}"
            yield f"{name}: arrays of {kind}", f'{{"{name}":[', f"[{item},{item},{item}],", "]}"


def at_the_bounds(names: list[str]) -> Iterator[tuple[str, bytes]]:
    """As much as the bounds of a body let through, with a fault in every member; one kind for each field."""
    for name, (kind, item) in zip(names, cycle(ITEMS.items()), strict=False):
        yield f"{name}: {kind}", f'{{"{name}":[{",".join([item] * 900)}]}}'.encode()
        strange = "{" + ",".join(f'"{place}":[]' for place in range(17)) + "}"
        yield f"{name}: objects of unknown fields", f'{{"{name}":[{",".join([strange] * 1_000)}]}}'.encode()

"""Values inside and outside what a JSON schema of the document states."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import available_timezones

from hypothesis import strategies as st

Schema = dict[str, Any]
ZONES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})
LONGEST, UNBOUNDED = 300, 5000  # what is made up at random, and at the edge, where nothing else is stated


def follow(document: Schema, schema: Schema) -> Schema:
    """The schema itself, behind a reference."""
    if "$ref" not in schema:
        return schema
    found: Schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def kinds_of(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def variants(document: Schema, schema: Schema) -> list[Schema]:
    """The schemas that a value may follow, one for each of its types."""
    schema = follow(document, schema)
    if "anyOf" in schema:
        return [variant for inner in schema["anyOf"] for variant in variants(document, inner)]
    return [schema | {"type": kind} for kind in kinds_of(schema)]


def inside(document: Schema, schema: Schema) -> st.SearchStrategy[Any]:
    """Values as the schema states them."""
    return st.one_of([_inside(document, variant) for variant in variants(document, schema)])


def _inside(document: Schema, schema: Schema) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(schema["minimum"], schema["maximum"])
        case "string":
            return _text(schema)
        case "array":
            items = inside(document, schema["items"])
            most = min(schema.get("maxItems", 3), 3)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=most, unique_by=repr)
        case "object":
            return _object(document, schema)
    raise AssertionError(f"no values for {schema}")


def _object(document: Schema, schema: Schema) -> st.SearchStrategy[Any]:
    required = schema.get("required", [])
    values = {name: inside(document, inner) for name, inner in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: values[name] for name in required},
        optional={name: value for name, value in values.items() if name not in required},
    )


def _text(schema: Schema) -> st.SearchStrategy[str]:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", LONGEST)
    pattern = schema.get("pattern", "^.*$")
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date":
            return st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(str)
        case "date-time":
            years = range(1970, 9999)  # as the description says
            return st.datetimes(timezones=st.just(UTC)).filter(lambda value: value.year in years).map(_rfc_3339)
        case "email":
            return st.emails().filter(lambda value: len(value) <= longest and matches(pattern, value))
        case "iana-time-zone":
            return st.sampled_from(ZONES)
    if found := re.fullmatch(r"\^(\[[^\]]+\])\*\$", pattern):
        letters = st.characters(codec="utf-8").filter(lambda letter: matches(f"^{found[1]}$", letter))
        return st.text(letters, min_size=shortest, max_size=min(longest, shortest + LONGEST))
    return st.from_regex(re.compile(pattern[:-1] + r"\Z"), fullmatch=True).filter(
        lambda value: shortest <= len(value) <= longest and _is_on_the_calendar(value)
    )


def _rfc_3339(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _is_on_the_calendar(value: str) -> bool:
    """A local time names a day that exists: no pattern can say that."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", value):
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def matches(pattern: str, value: str) -> bool:
    """Whether the text matches as ECMAScript reads the pattern: its `$` is the very end."""
    return re.search(re.sub(r"\$\Z", r"\\Z", pattern), value) is not None


def edges(document: Schema, schema: Schema) -> Iterator[Any]:
    """The values at the very edges of what the schema states."""
    for variant in variants(document, schema):
        if variant["type"] in ("integer", "number"):
            yield from (variant[word] for word in ("minimum", "maximum") if word in variant)
        if variant["type"] == "string" and not variant.keys() & {"enum", "format"}:
            letter = _letter(variant)
            lengths = (variant.get("minLength", 0), variant.get("maxLength", UNBOUNDED))
            yield from (letter * length for length in lengths if matches(variant.get("pattern", ""), letter * length))


def outside(document: Schema, schema: Schema) -> Iterator[Any]:
    """Values that the schema rules out, each for another reason."""
    found = variants(document, schema)
    kinds = {variant["type"] for variant in found}
    yield from ([] if "null" in kinds else [None])
    yield {"no": "such"} if "object" not in kinds or len(kinds) == 1 else 7
    for variant in found:
        yield from _beyond(document, variant)


def _beyond(document: Schema, schema: Schema) -> Iterator[Any]:
    match schema["type"]:
        case "integer" | "number":
            yield from (schema[word] + step for word, step in (("minimum", -1), ("maximum", 1)) if word in schema)
            yield "many"
        case "array":
            item = _one(document, schema["items"])
            yield "no list"
            yield from ([item] * (schema[word] + 1) for word in ("maxItems",) if word in schema)
            yield from ([] for word in ("minItems",) if schema.get(word))
        case "string":
            yield from _wrong_text(schema)


def _one(document: Schema, schema: Schema) -> Any:
    schema = variants(document, schema)[0]
    return schema.get("example", schema.get("enum", [{}])[0])


def _letter(schema: Schema) -> str:
    return next((each for each in "aA1" if matches(schema.get("pattern", ""), each)), "a")


def _wrong_text(schema: Schema) -> Iterator[str]:
    if "enum" in schema or schema.get("format") in ("uuid", "date", "date-time", "email", "iana-time-zone"):
        yield "no such word"
        yield ""
    letter = _letter(schema)
    yield from (letter * (schema[word] + 1) for word in ("maxLength",) if word in schema)
    yield from (letter * (schema[word] - 1) for word in ("minLength",) if schema.get(word))
    if "pattern" in schema:
        unwanted = ("\0", "a\0b", "a\x01b", "a\x9f", "a\nb", "a\u2028b", "a\u202eb", "\u0662027")
        yield from (wrong for wrong in unwanted if not matches(schema["pattern"], wrong))

"""Every setting there is, with every kind of mistake."""

import base64
import hashlib
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le

from tests.settings.conftest import NEEDED
from tiktok_api.settings import NAMES, Settings, SettingsInvalid
from tiktok_api.settings.rules import allowed

EVERY = sorted(NAMES)
NUMBERS = sorted(name for name, field in NAMES.items() if "number" in allowed(Settings.model_fields[field]))
WITH_DEFAULT = sorted(
    name
    for name, field in NAMES.items()
    if not Settings.model_fields[field].is_required() and Settings.model_fields[field].default_factory is None
)
ANY_WORD = {"TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"}
WORDS = ["-", "http://[::1", "postgresql://u:hunter2@h:x/"]


def problems(read, text: str, needed: dict[str, str] = NEEDED) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        read(text, needed=needed)
    return caught.value.problems


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in NEEDED.items() if key != name}


KEY = base64.b64encode(hashlib.sha256(b"a key").digest()).decode()


def as_text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_there_are_settings_of_each_kind():
    assert (len(EVERY) > 50, len(NUMBERS) > 20, len(WITH_DEFAULT) > 40) == (True, True, True)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("value", ["☃ nothing like it", "'1 2 3'", '"\\t\\a"', *WORDS])
def test_a_value_of_the_wrong_kind_is_named_with_what_is_allowed(read, name, value):
    if name in ANY_WORD and value in WORDS:
        pytest.skip("TikTok may give out any word")
    if name == "METRICS_TOKEN" and value in WORDS and len(value) >= 16:
        pytest.skip("any word of 16 characters may be a token")

    found = problems(read, f"{name}={value}", without(name))

    assert [problem.partition(": ")[0] for problem in found] == [name]
    assert len(found[0].partition(": ")[2]) > 10
    assert "snow" not in found[0]
    assert "nothing like it" not in found[0]
    assert "hunter2" not in found[0]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["-1", "1e400", "9" * 400, "nan", "inf", "-inf", "1,5", "0x10", "10 MB"])
def test_a_number_out_of_bounds_is_reported_with_the_bounds(read, name, value):
    [found] = problems(read, f"{name}={value}")

    assert found.startswith(f"{name}: must be a")
    assert " to " in found


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("blank", ["", "   ", "''", '"  "', "# a remark", " # a remark"])
def test_a_blank_is_not_set(read, name, blank):
    if name in NEEDED:
        assert problems(read, f"{name}= {blank}", without(name)) == [f"{name}: must be set"]
        return

    assert read(f"{name}= {blank}") == read("")


@pytest.mark.parametrize("name", EVERY)
def test_a_blank_in_the_environment_gives_way_to_the_file(read, name, monkeypatch):
    monkeypatch.setenv(name, "  ")
    field = NAMES[name]
    value = NEEDED.get(name) or as_text(getattr(read(), field) or "")

    found = read(f"{name}={value}", needed=without(name)) if value and "_KEYS" not in name else read("")

    assert getattr(found, field) == getattr(read(), field)


@pytest.mark.parametrize("name", WITH_DEFAULT)
def test_space_around_a_value_is_no_part_of_it(read, name):
    value = as_text(getattr(read(), NAMES[name]) or "")

    assert read(f"{name}='  {value}  '") == read()


def test_everything_that_is_wrong_is_named_at_once(read):
    found = problems(read, "".join(f"{name}=☃\n" for name in EVERY), needed={})

    assert sorted(problem.partition(": ")[0] for problem in found) == EVERY


@pytest.mark.parametrize("name", EVERY)
def test_every_setting_has_a_description(name):
    field = Settings.model_fields[NAMES[name]]

    assert field.description
    bounds = [type(part) for part in field.metadata]
    if name in NUMBERS and bounds:
        assert Le in bounds
        assert Ge in bounds or Gt in bounds


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "TIKTOK_CLIENT_SECRET", "DATABASE_URL", "REDIS_URL", "MAIL_URL", "JWT_KEYS", "VAULT_KEYS"]
)
def test_no_repr_contains_a_secret(read, name):
    secrets = {
        "SECRET_KEY": "hunter2 and forty more letters of a sentence",
        "TIKTOK_CLIENT_SECRET": "hunter2",
        "DATABASE_URL": "postgres://u:hunter2@db/x",
        "REDIS_URL": "redis://:hunter2@cache/0",
        "MAIL_URL": "smtp://u:hunter2@mail",
        "JWT_KEYS": f"hunter2:{KEY}",
        "VAULT_KEYS": f"hunter2:{KEY}",
    }

    settings = read(f"{name}={secrets[name]}", needed=without(name))

    assert "hunter2" in str(getattr(settings, NAMES[name]))
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)

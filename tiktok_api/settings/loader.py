"""Reading the settings from the environment and from `.env`, and checking them as a whole."""

import os
import sys
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from tiktok_api.settings import env_file as env_files
from tiktok_api.settings import rules
from tiktok_api.settings.declarations import NAMES, Settings

EXIT_STATUS = 4
"""The exit status of a process whose settings are wrong: gunicorn takes it as final and starts no other worker."""


_STAND_IN = "what-stands-for-a-wrong-setting-until-all-are-checked"


class SettingsInvalid(Exception):
    """Some settings are missing, malformed or contradict each other; `problems` names all of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(
            f"The settings cannot be used. Change these in .env or in the environment, then try again:\n{lines}"
        )


def load(env_file: str | Path | None = ".env") -> Settings:
    """Read and check every setting.

    The environment wins over the file; a blank value in either is not set. Settings of other libraries (AWS_…) are copied
    from the file to the environment of this process. Raises SettingsInvalid naming everything that is missing, malformed,
    misspelt or contradictory.
    """
    file = env_files.read(env_file) if env_file else env_files.EnvFile()
    given = file.values | {name: value.strip() for name, value in os.environ.items() if value.strip()}
    unreadable = {name for name in {*file.values, *NAMES} if not _is_plain(given.get(name, ""))}
    misspelt = env_files.misspelt(file.values, NAMES)
    problems = [
        *file.problems,
        *(f"{name}: is no setting; did you mean {known}?" for name, known in misspelt.items()),
        *(f"{name}: must be plain UTF-8 text without control characters" for name in sorted(unreadable)),
    ]
    values = {field: given[name] for name, field in NAMES.items() if name in given and name not in unreadable}
    settings, found = _check(values, {NAMES[name] for name in unreadable & NAMES.keys()})
    if problems + found:
        raise SettingsInvalid(problems + found)
    env_files.pass_on(file.values)
    return settings.with_remarks(tuple(_remarks(file.values)))


def load_or_exit(env_file: str | Path | None = ".env") -> Settings:
    """As `load`, for the start of a process: on SettingsInvalid the process ends with the problems on standard error."""
    try:
        return load(env_file)
    except SettingsInvalid as error:
        exit_with(error)


def exit_with(error: SettingsInvalid) -> NoReturn:
    """End this process with the problems on standard error."""
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    raise SystemExit(EXIT_STATUS)


def _is_plain(value: str) -> bool:
    """Returns False for bytes that are not UTF-8 and for control characters, which no setting needs."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)


def _check(values: Mapping[str, str], unreadable: set[str]) -> tuple[Settings, list[str]]:
    """The settings and their problems; a wrong setting gets its default, so that the others are checked as well."""
    failing = dict.fromkeys(unreadable, "")
    try:
        _settings(values, failing)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            if detail["type"] != "default_factory_not_called":  # an earlier setting is wrong and reported by itself
                name = str(detail["loc"][0])
                failing.setdefault(name, rules.worded(detail, Settings.model_fields[name]))
    settings = _settings(values, failing)
    problems = [f"{name.upper()}: {message}" for name, message in failing.items() if message]
    for looked_at, first, message in rules.contradictions(settings):
        if not looked_at & failing.keys():
            problems.append(f"{first.upper()}: {message}")
    return settings, problems


def _settings(values: Mapping[str, str], failing: Collection[str]) -> Settings:
    """The settings with the defaults of those in `failing`. Raises ValidationError."""
    required = {name for name in failing if Settings.model_fields[name].is_required()}
    taken = {name: value for name, value in values.items() if name not in failing}
    return Settings.model_validate(taken | dict.fromkeys(required, _STAND_IN))


def _remarks(file_values: Mapping[str, str]) -> Iterator[str]:
    """Names that are probably misspelt, but may be another program's."""
    for name, known in env_files.misspelt(os.environ, NAMES).items():
        if not os.environ[name].strip() or name in file_values:
            continue
        yield f"{name}: is no setting, though the environment has it; did you mean {known}?"
    for name in env_files.unknown(file_values, NAMES):
        yield f"{name}: is in the file of settings, but no setting; nothing reads it"

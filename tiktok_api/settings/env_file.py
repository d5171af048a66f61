"""Reading `.env`: the lines as python-dotenv understands them, and the file's problems in words."""

import io
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from dotenv.main import resolve_variables
from dotenv.parser import Binding, parse_stream

LARGEST_BYTES = 1024 * 1024
"""More than any list of settings: a larger file is something else."""

FOREIGN = re.compile(
    r"(AWS|BOTO|PG|COMPOSE|DOCKER|POSTGRES|FLASK|PYTHON|MALLOC)_?\w*|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY|TZ|LANG|LC_\w+"
    r"|TMPDIR|PATH|HOME"
)
"""Names of other programs' settings that may be in the file as well."""

PASSED_ON = re.compile(
    r"AWS_\w+|PROMETHEUS_\w+|BOTO_CONFIG|PG\w+|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY|TMPDIR", re.IGNORECASE
)
"""Those of them that libraries in our processes read from the environment: boto3, libpq, OpenSSL."""

_TAKEN_LITERALLY = re.compile(rf"{PASSED_ON.pattern}|WEB_CONCURRENCY|FORWARDED_ALLOW_IPS", re.IGNORECASE)
"""Names whose blank values libraries take literally: boto3 an AWS_PROFILE, gunicorn a number of processes."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The values of a file, by name, and its problems."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    problems: list[str] = field(default_factory=list)


def read(path: str | Path) -> EnvFile:
    """Read a file; a missing one is empty. Blank values are left out.

    `${NAME}` stands for the environment's value, else for one of the file, as the `flask` command has it.
    """
    try:
        text = _text(Path(path))
    except OSError as error:
        return EnvFile(problems=[f"{path}: cannot be read: {error.strerror or 'not a file'}"])
    except UnicodeDecodeError:
        return EnvFile(problems=[f"{path}: is not UTF-8 text; save it as UTF-8"])
    bindings = list(parse_stream(io.StringIO(text)))
    problems = [f"{path}: line {_line(binding)} is not NAME=value" for binding in bindings if _is_broken(binding)]
    pairs = [(binding.key, binding.value) for binding in bindings if binding.key and not _is_broken(binding)]
    resolved = resolve_variables(pairs, override=False)
    return EnvFile({name: value.strip() for name, value in resolved.items() if value and value.strip()}, problems)


def _text(path: Path) -> str:
    if not os.path.lexists(path):
        return ""
    if not path.is_file():  # a folder, a socket, a link that leads nowhere
        raise OSError
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise OSError(0, f"it is larger than {LARGEST_BYTES} bytes")
    return content.decode("utf-8-sig")


def _is_broken(binding: Binding) -> bool:
    return binding.error or (binding.key is not None and binding.value is None)


def _line(binding: Binding) -> int:
    """The first line of a statement: python-dotenv counts the blank lines before it as part of it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def misspelt(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Names that are not known but close to one that is, with that one."""
    known = list(known)
    found: dict[str, str] = {}
    for name in names:
        if name in known or FOREIGN.fullmatch(name):
            continue
        if close := get_close_matches(name.upper().replace("-", "_"), known, n=1, cutoff=0.85):
            found[name] = close[0]
    return found


def unknown(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Names that are neither ours nor those of a program that is known to use the file."""
    return [name for name in names if name not in known and not FOREIGN.fullmatch(name)]


_passed_on: dict[str, str] = {}
"""The variables that were set in the environment of this process, or of its parent before the fork."""


def pass_on(values: Mapping[str, str]) -> None:
    """Set the variables that other libraries read in the environment, unless they are set there already.

    Variables that came from the file last time follow the file: a restarted gunicorn worker has the old environment.
    """
    for name, value in list(os.environ.items()):
        is_blank = _TAKEN_LITERALLY.fullmatch(name) and not value.strip()
        if is_blank or _passed_on.get(name) == value:
            del os.environ[name]
    _passed_on.clear()
    for name, value in values.items():
        if PASSED_ON.fullmatch(name) and name not in os.environ:
            os.environ[name] = _passed_on[name] = value

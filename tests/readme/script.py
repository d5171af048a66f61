"""The README as a script: its fenced blocks in order, pasted into one bash in a fresh copy of the repository."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.local_stack import ROOT

TOOLS = ("bash", "curl", "jq", "openssl", "base64")
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "instance", "*.egg-info", "build", ".env", "__pycache__", ".*_cache", ".hypothesis", ".coverage*"
)


def blocks(language: str, *, section: str | None = None) -> list[str]:
    """The README's blocks in that language, in order; only those of one section, if it is named."""
    text = (ROOT / "README.md").read_text()
    if section is not None:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert found, f"no {language} blocks in {section or 'the README'}"
    return found


def require_tools(*names: str) -> None:
    """Skip the test, with the reason, where a program that the README names is not installed."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def copy_repository(folder: Path) -> Path:
    """The files of the repository, as a fresh clone has them."""
    shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
    return folder


def paste(script: list[str], folder: Path, environment: Mapping[str, str], wanted: list[str]) -> dict[str, str]:
    """Run blocks one after the other in one bash that stops at the first failure.

    Returns the variables named in `wanted` as they are in the end; fails with everything that was printed.
    """
    ask = [f'printf "%s" "${{{name}:-}}" > .variables/{name}' for name in wanted]
    (folder / ".variables").mkdir(exist_ok=True)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join([*script, *ask])],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return {name: (folder / ".variables" / name).read_text() for name in wanted}

"""What is counted in the code: of the tests' limits, and of the figures that `python -m tests.architecture` prints."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.architecture.source import ROOT, is_at, modules

LONGEST_FUNCTION = 40
_FOUR_WORDS = re.compile(r"\b(whoever|somebody|anybody|nobody)\b", re.IGNORECASE)
_READABLE = {".py", ".md", ".html", ".js", ".toml"}
_READ_FOR_WORDS = ("tiktok_api", "tests", "migrations/env.py", "README.md", "docs", ".env.example", "CONTRIBUTING.md")


def functions_too_long() -> list[str]:
    """The places and names of functions over 40 lines; docstrings do not count."""
    return [
        f"{is_at(function, module)} {function.name}"
        for module in modules()
        for function in module.nodes(ast.FunctionDef)
        if _lines_of_code(function) > LONGEST_FUNCTION
    ]


def names_of_several_classes() -> dict[str, list[str]]:
    """The places of classes that share a name; classes inside a class are parts of it."""
    places = defaultdict(list)
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(is_at(node, module))
    return {name: found for name, found in places.items() if len(found) > 1}


def four_words() -> list[str]:
    """Every place of whoever, somebody, anybody and nobody in code, tests and documents."""
    return [
        f"{file.relative_to(ROOT)}:{number}"
        for file in _files_with_words()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        for _ in _FOUR_WORDS.findall(line)
    ]


def _files_with_words() -> list[Path]:
    starts = [ROOT / name for name in _READ_FOR_WORDS]
    found = [file for start in starts for file in ([start] if start.is_file() else sorted(start.rglob("*")))]
    return [
        file for file in found if (file.suffix in _READABLE or file in starts) and "tests/architecture" not in str(file)
    ]


def _lines_of_code(function: ast.FunctionDef) -> int:
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(function.body) > 1
    begins = (first.end_lineno or 0) + 1 if is_docstring else function.lineno
    return (function.end_lineno or 0) - begins + 1

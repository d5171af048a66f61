"""How tests are cut: helpers in modules named for what they hold, and one scene instead of many fixtures."""

import ast
import re
from pathlib import Path

from tests.architecture.source import ROOT

MOST_FIXTURES = 5
TESTS_WITH_MORE = 57
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def test_no_test_file_is_a_helper_of_another():
    borrowed = [
        f"{file.relative_to(ROOT)}: {node.module}"
        for file in TESTS
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.ImportFrom) and re.search(r"(^|\.)test_", node.module or "")
    ]

    assert len(TESTS) > 150
    assert borrowed == []


def test_names_are_of_rules_and_not_of_sections():
    assert [name for _, name, _ in _tests() if re.match(r"test_\d{1,2}_", name)] == []


def test_scenes_replace_fixtures():
    """When it fails because there are fewer, write the smaller number down."""
    assert len([name for _, name, fixtures in _tests() if fixtures > MOST_FIXTURES]) == TESTS_WITH_MORE


def _tests() -> list[tuple[Path, str, int]]:
    """The file, name and number of arguments of each test."""
    return [
        (file, node.name, len(node.args.args))
        for file in TESTS
        for node in ast.walk(_tree(file))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())

"""Names of the field, each with one meaning."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.architecture.source import ROOT, is_at, modules

HERE = Path(__file__).parent
REPLACED_MODULES = frozenset((HERE / "replaced_modules.txt").read_text().split())
"""Names that modules had before they got those of the field, and names that say nothing."""
REPLACED_CLASSES = frozenset((HERE / "replaced_classes.txt").read_text().split())
FOUR_WORDS = re.compile(r"\b(whoever|somebody|anybody|nobody)\b", re.IGNORECASE)
"""A person for a process, a riddle for a noun: name the worker, the caller, the client."""
MOST_OF_THE_FOUR_WORDS = 255
READABLE = {".py", ".md", ".html", ".js", ".toml"}
READ_FOR_WORDS = ("tiktok_api", "tests", "migrations/env.py", "README.md", "docs", ".env.example", "CONTRIBUTING.md")


def test_no_class_name_is_used_twice():
    assert names_of_several_classes() == {}


def test_no_module_goes_back_to_a_name_that_was_replaced():
    assert [module.name for module in modules() if module.name.split(".")[-1] in REPLACED_MODULES] == []


def test_no_class_goes_back_to_a_name_that_was_replaced():
    classes = ((module, node) for module in modules() for node in module.nodes(ast.ClassDef))

    assert [is_at(node, module) for module, node in classes if node.name in REPLACED_CLASSES] == []


def test_the_four_words_only_become_fewer():
    """When it fails because there are fewer, write the smaller number down."""
    assert len(four_words()) == MOST_OF_THE_FOUR_WORDS


def names_of_several_classes() -> dict[str, list[str]]:
    """The places of classes that share a name; classes inside a class are parts of it."""
    places = defaultdict(list)
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(is_at(node, module))
    return {name: found for name, found in places.items() if len(found) > 1}


def four_words() -> list[str]:
    """Every place of them, in code, tests and documents."""
    found = []
    for name in READ_FOR_WORDS:
        start = ROOT / name
        files = [start] if start.is_file() else [path for path in sorted(start.rglob("*")) if path.suffix in READABLE]
        for file in files:
            if "tests/architecture" not in str(file):
                lines = file.read_text().splitlines()
                found += [
                    f"{file.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) for _ in FOUR_WORDS.findall(line)
                ]
    return found

"""Names of the field, each with one meaning."""

import ast
from pathlib import Path

from tests.architecture.figures import four_words, names_of_several_classes
from tests.architecture.source import is_at, modules

HERE = Path(__file__).parent
REPLACED_MODULES = frozenset((HERE / "replaced_modules.txt").read_text().split())
"""Names that modules had before they got those of the field, and names that say nothing."""
REPLACED_CLASSES = frozenset((HERE / "replaced_classes.txt").read_text().split())
MOST_OF_THE_FOUR_WORDS = 3
"""A person for a process, a riddle for a noun: name the worker, the caller, the client."""


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

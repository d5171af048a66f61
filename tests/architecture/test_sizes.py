"""Modules and folders stay small enough to be read at once."""

import ast
from collections import Counter
from statistics import median, quantiles

from tests.architecture.source import is_at, modules

LONGEST_MODULE = 300
MEDIAN_MODULE = 90
TENTH_LONGEST = 200
"""The 90th percentile of the lines of modules."""
MOST_FILES = 14
LONGEST_FUNCTION = 40


def test_no_module_is_too_long():
    assert [f"{module.name}: {module.lines}" for module in modules() if module.lines > LONGEST_MODULE] == []


def test_most_modules_are_short():
    lines = [module.lines for module in modules()]

    assert (median(lines) <= MEDIAN_MODULE, quantiles(lines, n=10)[-1] <= TENTH_LONGEST) == (True, True)


def test_no_folder_holds_too_many_files():
    files = Counter(module.path.parent for module in modules())

    assert {str(folder): number for folder, number in files.items() if number > MOST_FILES} == {}


def test_no_function_is_too_long():
    assert functions_too_long() == []


def functions_too_long() -> list[str]:
    """Their places and names."""
    return [
        f"{is_at(function, module)} {function.name}"
        for module in modules()
        for function in module.nodes(ast.FunctionDef)
        if _lines_of_code(function) > LONGEST_FUNCTION
    ]


def _lines_of_code(function: ast.FunctionDef) -> int:
    """Its lines without the docstring: the words are not what makes it long."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    begins = first.end_lineno + 1 if is_docstring and len(function.body) > 1 else function.lineno
    return function.end_lineno - begins + 1

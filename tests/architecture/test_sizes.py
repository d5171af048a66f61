"""Modules and folders stay small enough to be read at once."""

from collections import Counter
from statistics import median, quantiles

from tests.architecture.figures import functions_too_long
from tests.architecture.source import modules

LONGEST_MODULE = 300
MEDIAN_MODULE = 90
TENTH_LONGEST = 200
"""The 90th percentile of the lines of modules."""
MOST_FILES = 14


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

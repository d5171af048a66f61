"""Rows of a CSV file as drafts, and where in the file a fault of a draft is."""

from collections.abc import Mapping, Sequence
from typing import Any

from tiktok_api.errors import Invalid, Problem, fault

ACCOUNTS = "account_ids"
"""The column that stands for `targets`: a CSV file has no overrides."""


class CsvRow(dict[str, Any]):
    """A draft from a CSV file, shaped as its JSON, with the number of its row and the cells that no column has."""

    def __init__(self, draft: Mapping[str, Any], number: int, surplus: Sequence[str]) -> None:
        super().__init__(draft)
        self.number, self.surplus = number, surplus

    def must_fit(self) -> None:
        """Raises Invalid if the row has cells beyond the header."""
        if self.surplus:
            said = "Has more cells than the header has columns: a text with a separator in it must be quoted."
            raise Invalid(errors=[fault("too_many_cells", said, pointer="", found=self.surplus[0][:100])])


def number_of(place: int, draft: Any) -> int:
    """Returns the number of a row for people, from 1 on; `place` is the one in the list, from 0 on."""
    return draft.number if isinstance(draft, CsvRow) else place + 1


def name_cells(problem: Problem, row: CsvRow) -> Problem:
    """Returns a problem with the row and the column of each of its faults."""
    problem.extra = problem.extra | {
        name: [{**each, "row": row.number, "column": _column_of(each["pointer"])} for each in faults]
        for name, faults in problem.extra.items()
        if name == "errors"
    }
    return problem


def _column_of(pointer: str) -> str:
    """Returns the column that a pointer into a draft speaks of; empty for the draft as a whole."""
    name = pointer.split("/")[1] if pointer else ""
    return ACCOUNTS if name == "targets" else name

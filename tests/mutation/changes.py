"""The small changes of a module that are worth a try: one operator, number or condition each."""

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec

POINTLESS = re.compile(
    # `|` stands in annotations, which nothing executes; of the other arithmetic one replacement each is enough.
    r"core/(ReplaceBinaryOperator_BitOr_\w+"
    r"|ReplaceBinaryOperator_\w+_(Mod|Pow|FloorDiv|Div|LShift|RShift|BitAnd|BitOr|BitXor)"
    r"|ReplaceComparisonOperator_(Is|IsNot)_(?!Is$|IsNot$)\w+"
    r"|ReplaceComparisonOperator_\w+_(Is|IsNot)(?<!Is_IsNot)(?<!IsNot_Is)"
    r"|ReplaceUnaryOperator_\w+_(USub|UAdd|Invert)|RemoveDecorator|Variable\w+)$"
)


@dataclass(frozen=True)
class Change:
    """One operator applied at one place. `name` stays the same while the function around it does."""

    module: str
    where: str
    lines: range
    operator: str
    occurrence: int
    name: str

    def applied_to(self, source: str) -> str:
        """The module with this change."""
        changed = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        if changed is None:
            raise ValueError(f"{self} cannot be applied")
        return str(changed)


def changes_of(modules: Sequence[str], folder: Path) -> list[Change]:
    """All that are worth a try, in an order of no meaning: the first ten are a fair sample, and stay one after an edit."""
    with use_db(":memory:") as session:
        init([folder / module for module in modules], session, {})
        specs = [item.mutations[0] for item in session.work_items]
    return sorted(_worth_a_try(specs, folder), key=lambda change: change.name)


def _worth_a_try(specs: list[MutationSpec], folder: Path) -> Iterator[Change]:
    seen: Counter[tuple[object, ...]] = Counter()
    sources = {spec.module_path: spec.module_path.read_text() for spec in specs}
    for spec in sorted(specs, key=lambda spec: (spec.operator_name, spec.occurrence)):
        source = sources[spec.module_path]
        line, column = spec.start_pos
        text = source.splitlines()[line - 1]
        # What is frozen or has slots behaves the same without, and the star between arguments does not multiply.
        if POINTLESS.match(spec.operator_name) or text.startswith("@dataclass") or text[column:].startswith("*,"):
            continue
        module = str(spec.module_path.relative_to(folder))
        around = statement_around(source, line, is_innermost=True)
        place = (module, ast.get_source_segment(source, around), line - around.lineno, column, spec.operator_name)
        seen[place] += 1  # a number is replaced twice: by one more and by one less
        name = hashlib.sha256(repr((*place, seen[place])).encode()).hexdigest()[:16]
        lines = range(line, spec.end_pos[0] + 1)
        yield Change(module, spec.definition_name or "module", lines, spec.operator_name, spec.occurrence, name)


def statement_around(source: str, line: int, *, is_innermost: bool = False) -> ast.stmt:
    """The statement of the module, a class or a function perhaps, in which a line is; or the innermost function or class."""
    body, found = ast.parse(source).body, None
    while inside := next(
        (statement for statement in body if _first_line(statement) <= line <= _last_line(statement)), None
    ):
        if found and not isinstance(inside, ast.FunctionDef | ast.ClassDef):
            break
        found, body = inside, getattr(inside, "body", []) if is_innermost else []
    if found is None:
        raise ValueError(f"no statement at line {line}")
    return found


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno

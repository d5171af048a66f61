"""Kinds of import contract that name folders and room names instead of modules (`setup.cfg`, `[importlinter]`).

A room is a module or a sub-package inside a domain. Its name decides on its floor, wherever it stands: `posts.routes`,
`media.uploads.routes` and `auth.routes.sessions` are all `routes`.
"""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FloorsContract(Contract):
    """Inside each container, a room imports rooms of its own floor and of lower floors.

    `containers` are packages. `floors` are lines of room names, the highest first; the line `*` is the floor of every
    room that no line names.
    """

    containers = fields.ListField(subfield=fields.StringField())
    floors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports that lead upwards."""
        broken = []
        for container in self.containers:
            for module in sorted(modules_below(graph, container)):
                for imported in sorted(graph.find_modules_directly_imported_by(module)):
                    if not imported.startswith(f"{container}."):
                        continue
                    if self._floor(container, imported) < self._floor(container, module):
                        broken.append((module, imported))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each of them."""
        print_broken(check, "may not import (it is on a higher floor)")

    def _floor(self, container: str, module: str) -> int:
        names = module.removeprefix(f"{container}.").split(".")
        rest = 0
        for number, line in enumerate(self.floors):
            named = str(line).split()
            if named == ["*"]:
                rest = number
            elif any(name in named for name in names):
                return number
        return rest


class PureContract(Contract):
    """Inside each container, only rooms that are named for it import a framework, directly.

    `except_rooms` are room names; `except_modules` are whole modules, each with its reason beside it.
    """

    containers = fields.ListField(subfield=fields.StringField())
    frameworks = fields.ListField(subfield=fields.StringField())
    except_rooms = fields.ListField(subfield=fields.StringField())
    except_modules = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the rules that know a framework, and exceptions that are none any more."""
        broken, needed = [], set()
        excepted = list(self.except_modules or [])
        for container in self.containers:
            for module in sorted(modules_below(graph, container)):
                found = graph.find_modules_directly_imported_by(module) & set(self.frameworks)
                if not found or is_a_room(module, container, self.except_rooms):
                    continue
                if module in excepted:
                    needed.add(module)
                else:
                    broken += [(module, framework) for framework in sorted(found)]
        broken += [(module, "nothing: the exception is not needed") for module in excepted if module not in needed]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each of them."""
        print_broken(check, "may not import")


def modules_below(graph: ImportGraph, container: str) -> set[str]:
    """The modules of the product in a package, the package included."""
    return {name for name in graph.modules if name == container or name.startswith(f"{container}.")}


def is_a_room(module: str, container: str, rooms: Any) -> bool:
    """Whether a module is, or stands in, a room of one of these names."""
    return bool(set(module.removeprefix(container).split(".")) & set(rooms))


def print_broken(check: ContractCheck, says: str) -> None:
    """One line for each import."""
    for module, imported in check.metadata["broken"]:
        output.print_error(f"- {module} {says}: {imported}", bold=False)
    output.new_line()

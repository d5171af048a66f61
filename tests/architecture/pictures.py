"""`python -m tests.architecture.pictures`: draw what `docs/architecture.md` shows of the code."""

import ast
from collections import defaultdict
from textwrap import dedent

from tests.architecture.source import PRODUCT, ROOT, module, modules

PAGE = ROOT / "docs" / "architecture.md"
HIDDEN = {"", "__main__", "app", "composition", "cli", "simulator", "gunicorn_config"}
"""Above everything else, or beside it."""
GROUND = {each.name for each in modules() if "." not in each.name and not each.is_package}
"""The modules of the root folder, drawn as one room."""


def main() -> None:
    """Write the pictures into the page."""
    PAGE.write_text(drawn(PAGE.read_text()))


def drawn(page: str) -> str:
    """The page with its pictures as the code is now."""
    for name, draw in {"rooms": draw_rooms, "folders": list_folders, "states": draw_states}.items():
        start = page.index(f"<!-- drawn: {name} -->\n") + len(f"<!-- drawn: {name} -->\n")
        page = page[:start] + draw() + page[page.index("<!-- /drawn -->", start) :]
    return page


def draw_rooms() -> str:
    """The top folders of the server and what each imports, without what follows from the rest."""
    edges = defaultdict(set)
    for each in modules():
        room = _room(each.name)
        for imported, _ in each.imports():
            if (other := _room(imported)) != room and room and other:
                edges[room].add(other)
    arrows = [f"    {room} --> {other}" for room in sorted(edges) for other in sorted(_direct(edges, room))]
    return "```mermaid\nflowchart TD\n" + "\n".join(arrows) + "\n```\n"


def list_folders() -> str:
    """A table of all folders with the first sentence that each says of itself."""
    rows = ["| Folder | Holds |", "|---|---|"]
    for each in modules():
        if each.is_package and each.path.parent != PRODUCT:
            says = (ast.get_docstring(each.tree) or "").split("\n\n")[0].replace("\n", " ")
            rows.append(f"| `{each.name.replace('.', '/')}/` | {says} |")
    return "\n".join(rows) + "\n"


def draw_states() -> str:
    """The states of a publication and of an attempt, as the package of publishing draws them."""
    says = ast.get_docstring(module("posts.publishing").tree) or ""
    picture = [line for line in says.split("\n") if line.startswith("    ") or not line]
    return "```\n" + dedent("\n".join(picture)).strip("\n") + "\n```\n"


def _room(name: str) -> str | None:
    first = name.partition(".")[0]
    if first in HIDDEN:
        return None
    return "ground" if first in GROUND or first in ("settings", "metrics", "schema", "db") else first


def _direct(edges: dict[str, set[str]], room: str) -> set[str]:
    """What a room imports that it would not reach through another."""
    return {other for other in edges[room] if not any(other in _reach(edges, via) for via in edges[room] - {other})}


def _reach(edges: dict[str, set[str]], room: str) -> set[str]:
    found, open_ = set(), [room]
    while open_:
        for other in edges.get(open_.pop(), ()):
            if other not in found:
                found.add(other)
                open_.append(other)
    return found


if __name__ == "__main__":
    main()

"""The code of the product as the tests of its structure read it: parsed, never imported."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)
ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "tiktok_api"
DOMAINS = ("webhooks", "analytics", "posts", "media", "accounts", "auth")
"""The highest first: each may import those behind it."""


@dataclass(frozen=True)
class Module:
    """One file of the product. `name` is dotted, without the package: `posts.services`."""

    path: Path

    @cached_property
    def name(self) -> str:
        return ".".join(self.path.relative_to(PRODUCT).with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def domain(self) -> str | None:
        """The domain that it belongs to, if to any."""
        first = self.name.partition(".")[0]
        return first if first in DOMAINS else None

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """All nodes of a kind."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """All calls of functions or methods with one of these names."""
        for call in self.nodes(ast.Call):
            function = call.func
            if (isinstance(function, ast.Name) and function.id in names) or (
                isinstance(function, ast.Attribute) and function.attr in names
            ):
                yield call

    def imports(self) -> Iterator[tuple[str, str | None]]:
        """What it imports of the product: a module (dotted, without the package), and a name of it or None."""
        known = {module.name for module in modules()}
        for node in self.nodes(ast.ImportFrom):
            parent, _, rest = (node.module or "").partition(".")
            if parent != PRODUCT.name:
                continue
            for alias in node.names:
                inner = f"{rest}.{alias.name}".strip(".")
                yield (inner, None) if inner in known else (rest, alias.name)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product."""
    found = tuple(Module(path) for path in sorted(PRODUCT.rglob("*.py")))
    assert len(found) > 200
    return found


def module(name: str) -> Module:
    """One module by its dotted name."""
    return next(each for each in modules() if each.name == name)


def is_at(node: ast.AST, where: Module) -> str:
    """The place of a node, for a message."""
    return f"{where.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"

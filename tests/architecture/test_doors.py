"""A domain enters a lower one by its doors, and no module reads what another keeps private."""

import ast

from tests.architecture.source import DOMAINS, is_at, module, modules

DOORS = {"services", "models", "errors"}
"""Open in every domain; its `__init__` names the others in `__all__`."""


def test_a_domain_enters_a_lower_one_by_its_doors():
    doors = {domain: DOORS | _named_doors(domain) for domain in DOMAINS}
    around = []
    for each in modules():
        for imported, _ in each.imports():
            domain, _, room = imported.partition(".")
            if each.domain and domain in DOMAINS and domain != each.domain and room not in doors[domain]:
                around.append(f"{each.name} -> {imported}")

    assert around == []


def test_every_door_that_is_named_exists_and_is_used():
    used = {
        imported
        for each in modules()
        for imported, _ in each.imports()
        if each.domain not in (None, imported.partition(".")[0])
    }
    used |= {
        imported
        for each in modules()
        if each.name.partition(".")[0] in ("app", "composition", "cli")
        for imported, _ in each.imports()
    }
    named = {f"{domain}.{door}" for domain in DOMAINS for door in _named_doors(domain)}

    assert named - used == set()


def test_nothing_private_is_imported():
    private = [
        f"{is_at(node, each)} {alias.name}"
        for each in modules()
        for node in each.nodes(ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]

    assert private == []


def _named_doors(domain: str) -> set[str]:
    for node in module(domain).tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return set()

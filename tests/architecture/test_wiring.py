"""What is declared is used: every setting read, every event heard, every kind of job handled."""

import ast

from tests.architecture.source import is_at, modules
from tiktok_api import composition  # noqa: F401  # the product is put together by being imported
from tiktok_api.app import create_app  # noqa: F401
from tiktok_api.jobs import registry
from tiktok_api.settings import Settings


def test_every_setting_is_read():
    outside = [module for module in modules() if not module.name.startswith("settings")]
    read = {node.attr for module in outside for node in module.nodes(ast.Attribute)}
    read |= {node.value for module in modules() for node in module.nodes(ast.Constant) if isinstance(node.value, str)}

    assert len(Settings.model_fields) > 40
    assert set(Settings.model_fields) - read == set()


def test_every_event_is_heard_and_every_listener_is_told():
    assert _events("announce", "ask") == _events("subscribe")


def test_every_kind_of_job_is_a_constant_that_a_task_handles():
    """A kind is named once: the task and those who enqueue it import the same constant."""
    named = {
        name
        for module in modules()
        for call in module.calls("enqueue", "enqueue_once")
        for name in [ast.unparse(call.args[0])]
        if not module.name.startswith("jobs.")
    }

    assert len(named) > 8
    assert {name for name in named if not name.split(".")[-1].isupper()} == set()


def test_every_task_runs_by_itself_or_is_enqueued():
    enqueued = {
        _constant(module, ast.unparse(call.args[0]).split(".")[-1])
        for module in modules()
        for call in module.calls("enqueue")
        if not module.name.startswith("jobs.")
    }
    by_itself = {task.kind for task in registry.recurring()}

    assert enqueued - set(registry.kinds()) == set()
    assert set(registry.kinds()) - by_itself - enqueued - {"tests.anything"} == set()


def _constant(where, name: str) -> str:
    """The value of a constant, in the module that defines it or that it is imported from."""
    for module in [where, *modules()]:
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
                return ast.literal_eval(node.value)
    raise AssertionError(f"{name}, used at {is_at(where.tree, where)}, is defined nowhere")


def _events(*functions: str) -> set[str]:
    """The names of events that these functions are called with; what is filled in at run time is `*`."""
    found = set()
    for module in modules():
        if module.name == "events":
            continue
        for call in module.calls(*functions):
            if not isinstance(call.func, ast.Attribute) or ast.unparse(call.func.value) != "events":
                continue
            for name in _texts(call.args[0]):
                found.add(name)
    return found


def _texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)]
    return [ast.literal_eval(node)]

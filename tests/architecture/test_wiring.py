"""What is declared is used: every setting read, every event heard, every kind of job handled."""

import ast

from tests.architecture.source import Module, module, modules
from tiktok_api.settings import Settings


def test_every_setting_is_read():
    outside = [each for each in modules() if not each.name.startswith("settings")]
    read = {node.attr for each in outside for node in each.nodes(ast.Attribute)}
    read |= {node.value for each in outside for node in each.nodes(ast.Constant) if isinstance(node.value, str)}

    assert len(Settings.model_fields) > 40
    assert set(Settings.model_fields) - read == set()


def test_every_event_is_heard_and_every_listener_is_told():
    assert _events("announce", "ask") == _events("subscribe")


def test_every_kind_of_job_is_a_constant_that_a_task_handles():
    """A kind is named once: the task and those who enqueue it import the same constant."""
    named = {
        name
        for each in modules()
        for call in each.calls("enqueue", "enqueue_once")
        for name in [ast.unparse(call.args[0])]
        if not each.name.startswith("jobs.")
    }

    assert len(named) > 8
    assert {name for name in named if not name.split(".")[-1].isupper()} == set()


def test_every_task_runs_by_itself_or_is_enqueued():
    enqueued = {
        _kind(each, call.args[0])
        for each in modules()
        for call in each.calls("enqueue")
        if not each.name.startswith("jobs.")
    }
    tasks = _tasks()
    by_itself = {kind for kind, is_recurring in tasks.items() if is_recurring}

    assert len(by_itself) > 3
    assert enqueued - set(tasks) == set()
    assert set(tasks) - by_itself - enqueued == set()


def test_every_kind_names_its_lane_and_no_other_work_is_in_those_of_publishing_and_renewal():
    lanes: dict[str, set[str]] = {}
    for each in modules():
        for function in each.nodes(ast.FunctionDef):
            for call in function.decorator_list:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "task":
                    said = {option.arg: ast.unparse(option.value) for option in call.keywords}
                    lanes.setdefault(said["lane"], set()).add(_kind(each, call.args[0]))

    assert lanes["Lane.PUBLISH"] == {"posts.publish", "posts.check_media", "posts.run_held"}
    assert lanes["Lane.RENEW"] == {"accounts.renew", "accounts.revoke"}
    assert set.union(*lanes.values()) == set(_tasks())


def _tasks() -> dict[str, bool]:
    """The kinds that tasks handle, and whether each is enqueued by itself."""
    return {
        _kind(each, call.args[0]): any(option.arg == "every" for option in call.keywords)
        for each in modules()
        for function in each.nodes(ast.FunctionDef)
        for call in function.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "task"
    }


def _kind(where: Module, said: ast.expr) -> str:
    """The kind that an expression names: a text, a constant of this module, or one of another that it imports."""
    if isinstance(said, ast.Constant):
        return str(said.value)
    *owner, name = ast.unparse(said).split(".")
    for node in where.nodes(ast.ImportFrom):
        for alias in node.names:
            if (alias.asname or alias.name) == (owner or [name])[0]:
                inside = f"{node.module}.{alias.name}" if owner else str(node.module)
                where = module(inside.partition(".")[2])
    for node in where.tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{ast.unparse(said)}, used in {where.name}, is defined nowhere")


def _events(*functions: str) -> set[str]:
    """The names of events that these functions are called with; what is filled in at run time is `*`."""
    found = set()
    for each in modules():
        if each.name == "events":
            continue
        for call in each.calls(*functions):
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

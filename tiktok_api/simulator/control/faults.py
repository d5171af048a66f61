"""The control API's operations on fault rules (`mischief`) and on the journal (`requests`)."""

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import json_response
from tiktok_api.simulator.control.parsing import InvalidCommand, json_body
from tiktok_api.simulator.world.world import current_world

blueprint = Blueprint("faults", __name__)


@blueprint.get("/mischief")
def show_faults() -> Response:
    """Show the fault rules, with how many calls each has counted (`seen`) and made fail (`fired`)."""
    return json_response({"mischief": current_world().faults.listed()})


@blueprint.post("/mischief")
def add_fault() -> Response:
    """{endpoint, effect, …}: add a fault rule and answer its id."""
    rule = current_world().faults.add(json_body())
    return json_response({"id": rule.id}, 201)


@blueprint.delete("/mischief")
def clear_faults() -> Response:
    """Remove all fault rules."""
    current_world().faults.clear()
    return json_response({})


@blueprint.delete("/mischief/<int:rule_id>")
def remove_fault(rule_id: int) -> Response:
    """Remove one fault rule."""
    if not current_world().faults.remove(rule_id):
        raise InvalidCommand("no such rule", 404)
    return json_response({})


@blueprint.get("/requests")
def show_requests() -> Response:
    """Show the journal, filtered by the query: endpoint, username, client_key, publish_id, method."""
    wanted = {name: value for name, value in request.args.items() if value}
    return json_response({"requests": current_world().journal.read(**wanted)})


@blueprint.delete("/requests")
def clear_requests() -> Response:
    """Empty the journal."""
    current_world().journal.clear()
    return json_response({})

"""The page for people: creators, what is live, what was received, webhooks delivered, knobs."""

from flask import Blueprint, render_template

from tiktok_api.simulator import showing
from tiktok_api.simulator.world import current_world

blueprint = Blueprint("pages", __name__, url_prefix="/_simulator")


@blueprint.get("/")
def show_console() -> str:
    """Everything on one page."""
    world = current_world()
    with world.moment():
        return render_template("console.html", clock=showing.clock_shown(world))

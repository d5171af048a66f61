"""`make doctor`: check the settings, then whatever the server needs, and name everything that is wrong."""

import sys

import orjson
from rich.console import Console

from tiktok_api.app import create_app
from tiktok_api.settings import SettingsInvalid, load

console = Console(highlight=False)


def main() -> int:
    """Zero when this machine could serve."""
    try:
        settings = load()
    except SettingsInvalid as error:
        console.print(f"[red]{error}[/red]")
        return 1
    console.print("[green]settings[/green]  complete and consistent")
    report = orjson.loads(create_app(settings).test_client().get("/readyz").get_data())
    for name, check in report["checks"].items():
        colour = {"ok": "green", "degraded": "yellow"}.get(check["status"], "red")
        console.print(f"[{colour}]{name}[/{colour}]  {check['status']}")
    return 1 if report["status"] == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())

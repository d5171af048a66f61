"""`make run`: API, worker and simulator for development, until Ctrl-C.

Settings of the environment or `.env` win; with TIKTOK_API_URL, that TikTok is used and no simulator is started.
"""

import os
import sys

from rich.console import Console

from tiktok_api.cli.stack.processes import StackFailed, running_stack
from tiktok_api.process.privacy import keep_private
from tiktok_api.settings import NAMES, env_file

console = Console(highlight=False, soft_wrap=True)


def _chosen() -> dict[str, str]:
    """The settings of this folder: those in `.env`, or in the environment, which wins."""
    return env_file.read(".env").values | {
        name: value for name, value in os.environ.items() if name in NAMES and value.strip()
    }


def main() -> int:
    """Serve. Returns 1 if a process does not start or ends."""
    keep_private()
    try:
        with running_stack(chosen=_chosen(), say=console.print) as stack:
            console.print(f"API        {stack.api_url}/api/v1   documentation at {stack.api_url}/docs")
            if stack.simulator_url:
                console.print(f"Simulator  {stack.simulator_url}/_simulator/")
            console.print("Console    tiktok-api --local …  (.venv/bin/python -m tiktok_api --local … in a clone)")
            console.print(f"Logs       {stack.logs}/ …  Ctrl-C stops.")
            fallen = stack.watch()
            console.print(f"{fallen} has ended; the others are stopped. Its log ends:", style="red")
            console.print(stack.tail(fallen), markup=False)
            return 1
    except StackFailed as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make run`: API, worker and simulator for development, until Ctrl-C.

What the environment or `.env` sets wins; with TIKTOK_API_URL set, that TikTok is used and no simulator started.
"""

import os
import sys
import time

from rich.console import Console

from tiktok_api import env_file
from tiktok_api.cli.stack import StackFailed, running_stack
from tiktok_api.settings import NAMES

console = Console(highlight=False)


def _chosen() -> dict[str, str]:
    """The settings that somebody has made: in `.env`, or in the environment, which wins."""
    return env_file.read(".env").values | {
        name: value for name, value in os.environ.items() if name in NAMES and value.strip()
    }


def main() -> int:
    """Serve; non-zero when a process does not come up or falls."""
    try:
        with running_stack(chosen=_chosen()) as stack:
            console.print(f"API        {stack.api_url}/api/v1   documentation at {stack.api_url}/docs")
            if stack.simulator_url:
                console.print(f"Simulator  {stack.simulator_url}/_simulator/")
            console.print(f"Logs       {stack.logs}/ …  Ctrl-C stops.")
            while (fallen := stack.fallen()) is None:
                time.sleep(0.5)  # nothing to do but to watch
            console.print(f"[red]{fallen} has ended:[/red]\n{stack.tail(fallen)}")
            return 1
    except StackFailed as error:
        console.print(f"[red]{error}[/red]")
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

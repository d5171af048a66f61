"""`tiktok-api serve`, `upgrade`, `doctor`, and what tries it all on one machine: `run`, `demo`, `simulator`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

import tiktok_api
from tiktok_api.cli.application import local_option, with_app
from tiktok_api.cli.output import json_option

_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
_GUNICORN = ("--config", "python:tiktok_api.gunicorn_config")
_APPLICATION = "tiktok_api.app:create_app_or_exit()"


@click.command("serve")
@click.option("--bind", metavar="HOST:PORT", help="Where to listen; BIND by default.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; WEB_CONCURRENCY by default.")
@click.option("--threads", type=click.IntRange(4, 1024), help="Threads of each process; WEB_THREADS by default.")
@local_option
def serve(**options: str | int | None) -> None:
    """Serve the API with gunicorn, with this product's own configuration."""
    from tiktok_api.settings import load

    environment = dict(
        os.environ
    )  # without what the file puts into it: gunicorn's processes follow the file themselves
    load()  # a wrong setting is said here, before gunicorn starts processes
    chosen = [part for name, value in options.items() if value is not None for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "tiktok_api.cli.web_server", *_GUNICORN, *chosen, _APPLICATION]
    # The product that was called serves, not another copy that happens to be in the working directory.
    home = str(Path(tiktok_api.__file__).resolve().parents[1])
    found_first = os.pathsep.join(filter(None, [home, environment.get("PYTHONPATH")]))
    environment |= {"PYTHONSAFEPATH": "1", "PYTHONPATH": found_first}
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter, no shell


@click.command("upgrade")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where the database is behind.")
@with_app
def upgrade(check: bool) -> None:
    """Bring the database to this version's tables; a new database gets all of them."""
    from tiktok_api.cli.upgrade import report_upgrade
    from tiktok_api.schema import revisions as schema

    if check:
        state = schema.state()
        if not state.is_current:
            raise click.ClickException(
                f"The database is at revision {state.revision or 'none'}; the newest is {state.head}."
            )
        click.echo(f"The database is at the newest revision, {state.head}.")
        return
    report_upgrade()


@click.command("doctor")
@json_option
@local_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check the settings and everything they name, and say what to do; exit with 1 where something has failed."""
    from tiktok_api.cli.chores.doctor import main

    context.args = ["--json"] if as_json else []
    _hand_over(context, main)


@click.command("run")
@click.pass_context
def run(context: click.Context) -> None:
    """API, worker and simulator on this machine, for development, until Ctrl-C."""
    from tiktok_api.cli.chores.run import main

    _hand_over(context, main)


@click.command("demo", context_settings=_PASSED_ON)
@click.pass_context
def demo(context: click.Context) -> None:
    """Do the whole job once against the simulator, then serve until Ctrl-C (--once: stop after the job)."""
    from tiktok_api.cli.chores.demo import main

    _hand_over(context, main)


@click.command("simulator", context_settings=_PASSED_ON)
@click.pass_context
def simulator(context: click.Context) -> None:
    """Start a TikTok to test against; its options are listed by `tiktok-api simulator --help`."""
    from tiktok_api.simulator.__main__ import main

    _hand_over(context, main)


def _hand_over(context: click.Context, main: Callable[[], int]) -> None:
    """Let a program that reads `sys.argv` by itself have what was typed after the command."""
    sys.argv = [f"tiktok-api {context.info_name}", *context.args]
    context.exit(main())

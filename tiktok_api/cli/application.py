"""Commands that need the application: they open it with the settings of this folder, or with those of `make run`."""

import os
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click
from flask import Flask, has_app_context
from flask.cli import ScriptInfo

from tiktok_api.cli.stack.settings import find_run
from tiktok_api.process.loading import loading

Command = Callable[..., Any]


def use_local_settings() -> None:
    """Use the settings of the stack that `make run` or `make demo` runs, or has run, in this folder.

    Only this flag reads them, so that a server in production never uses the secrets of a demo by accident.
    """
    run = find_run()
    if run is None:
        raise click.ClickException("Neither `make run` nor `make demo` has been started in this folder.")
    os.environ.update(run.environment)


def _use_local(_context: click.Context, _parameter: click.Parameter, is_wanted: bool) -> None:
    if is_wanted:
        use_local_settings()


local_option = click.option(
    "--local",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_use_local,
    help="Use the settings of `make run` or `make demo` in this folder.",
)


def with_app(command: Command) -> Command:
    """Run a command in the context of the application, which is made if there is none."""

    def opened(*args: Any, **options: Any) -> Any:
        if has_app_context():
            return command(*args, **options)
        with _open().app_context():
            return command(*args, **options)

    return local_option(update_wrapper(opened, command))


def _open() -> Flask:
    info = click.get_current_context().find_object(ScriptInfo)
    if info is not None:  # below Flask's own command line
        return info.load_app()
    with loading():
        from tiktok_api.composition.core import create_core

        return create_core()

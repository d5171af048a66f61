"""Passwords on the command line: prompted, read from standard input or generated; other users could see an argument."""

import secrets
import sys
from collections.abc import Callable
from typing import Any

import click

_GENERATED_BYTES = 18

Command = Callable[..., Any]


def password_options(command: Command) -> Command:
    """Add `--password-stdin` and `--generate`."""
    stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
    generate = click.option("--generate", is_flag=True, help="Make a password up and print it.")
    return stdin(generate(command))


def take_password(*, password_stdin: bool, generate: bool) -> str:
    """The password by the chosen way; at a terminal the person is prompted. Raises UsageError."""
    if password_stdin and generate:
        raise click.UsageError("--password-stdin and --generate exclude each other.")
    if generate:
        return secrets.token_urlsafe(_GENERATED_BYTES)
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(
            "Say --password-stdin or --generate: without a terminal there is no prompt for a password."
        )
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))

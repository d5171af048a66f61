"""`tiktok-api media`: uploading to a running server as any client would."""

import sys
from pathlib import Path

import click

from tiktok_api.cli.output import json_option, show_json
from tiktok_api.cli.stack.settings import find_run

_DEFAULT_API = "http://127.0.0.1:8080"


@click.group("media")
def media() -> None:
    """Upload to a running server."""


@media.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--api", envvar="API", help=f"The server; API in the environment, else {_DEFAULT_API}.")
@click.option("--token", envvar="TOKEN", help="An access token or an API key; better as TOKEN in the environment.")
@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--local", is_flag=True, help="To the server of `make run` or `make demo` in this folder.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until the file is inspected.")
@click.option(
    "--patience", type=click.IntRange(1), default=60, show_default=True, help="Seconds to try without progress."
)
@json_option
def upload(
    file: Path,
    api: str | None,
    token: str | None,
    token_stdin: bool,
    local: bool,
    wait: bool,
    patience: int,
    as_json: bool,
) -> None:
    """Upload FILE by tus, and go on where it broke.

    A connection that breaks is resumed. If the command itself is stopped, the same command resumes: where an upload goes
    is remembered in the cache folder until it is complete.
    """
    from tiktok_api.cli.upload import Upload, UploadRefused

    if token_stdin:
        token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError("Say whose upload it is: TOKEN in the environment, --token-stdin, or --token.")
    run = find_run() if local or click.get_current_context().find_root().params.get("local") else None
    server = (run.api_url if run else api or _DEFAULT_API).rstrip("/").removesuffix("/api/v1")
    try:
        found = Upload(file, server, token, patience_seconds=patience).run(until_inspected=wait)
    except UploadRefused as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        show_json(found)
    else:
        click.echo(f"{found['id']}  {found['status']}")
    if found["status"] == "rejected":
        reason = (found.get("rejection") or {}).get("message", "its checks say why.")
        raise click.ClickException(f"The file is rejected: {reason}")

"""The command `tiktok-api`. Commands are imported when they are called, so that help appears at once."""

import importlib
from typing import Any, NamedTuple

import click

import tiktok_api
from tiktok_api.process.loading import loading
from tiktok_api.process.privacy import keep_private


class Entry(NamedTuple):
    """A command that is not imported yet: its module and function, and one line of help."""

    place: str
    help: str


SECTIONS: dict[str, dict[str, Entry]] = {
    "Run the server": {
        "serve": Entry("server:serve", "Serve the API with gunicorn"),
        "worker": Entry("worker:worker", "Publish, read accounts and clean up, until told to stop"),
        "upgrade": Entry("server:upgrade", "Bring the database to this version's tables"),
        "doctor": Entry("server:doctor", "Check the settings and everything they name"),
    },
    "Look after it": {
        "users": Entry("users:users", "Create, list, disable and reset the people who sign in"),
        "keys": Entry("keys:keys", "API keys of a user, and keys for the key rings"),
        "accounts": Entry("accounts:accounts", "List, show and read the connected TikTok accounts"),
        "analytics": Entry("analytics:analytics", "Read all that TikTok lists, and compute what was derived from it"),
        "jobs": Entry("jobs:jobs", "What is waiting, late or dead, and another try"),
        "vault": Entry("vault:vault", "What is encrypted in the database"),
        "export": Entry("export:export", "Write an account's readings or videos to CSV or NDJSON"),
    },
    "Use a running server": {
        "media": Entry("media:media", "Upload a file, resumed where it broke"),
    },
    "Try it": {
        "demo": Entry("server:demo", "Do the whole job once against the simulator, then serve"),
        "run": Entry("server:run", "API, worker and simulator on this machine, for development"),
        "simulator": Entry("server:simulator", "A TikTok to test against"),
        "sample-video": Entry("samples:sample_video", "Make a small video"),
        "sample-photo": Entry("samples:sample_photo", "Make a small photo"),
        "clock": Entry("clock:clock_group", "Move the test clock"),
    },
}
ENTRIES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Console(click.Group):
    """A group whose commands are imported when they are called, and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ENTRIES:
            return None
        module, _, name = ENTRIES[cmd_name].place.partition(":")
        with loading():
            command: click.Command = getattr(importlib.import_module(f"tiktok_api.cli.commands.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in entries.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from tiktok_api.cli.explanations import explain

            sentence = explain(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error


@click.group(
    cls=Console,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Settings are read from the environment and from .env. The exit code is 0 when it was done, 1 when it was "
    "refused or failed, and 2 when the command was not understood.",
)
@click.version_option(tiktok_api.__version__, message="tiktok-api %(version)s")
@click.option("--local", is_flag=True, help="Use the settings of `make run` or `make demo` in this folder.")
@click.pass_context
def console(context: click.Context, local: bool) -> None:
    """Run many TikTok accounts from a server of your own."""
    if local:
        from tiktok_api.cli.application import use_local_settings

        use_local_settings()


def main() -> None:
    """Run one command and leave with its exit code. The files that it writes are for its user alone."""
    keep_private()
    console(prog_name="tiktok-api")

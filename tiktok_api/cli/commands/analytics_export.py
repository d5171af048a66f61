"""`tiktok-api analytics export`: the files of `GET /analytics/export`, for an operator."""

from collections.abc import Iterator
from typing import IO, Any

import click
from marshmallow import ValidationError

from tiktok_api.auth import administration
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.cli.application import with_app
from tiktok_api.cli.commands.accounts import find_account
from tiktok_api.cli.output import in_sentences
from tiktok_api.db import db, end_reading

_ROWS_AT_ONCE = 500
_MANY = {"tag": "Accounts with this tag.", "label": "Posts with this label.", "metric": "One metric; else all."}
_ONE = {
    "from": "The first day, or an instant.",
    "to": "The last day, or an instant.",
    "timezone": "The zone of the days; else the user's.",
    "as_of": "Only what was captured before this instant, or on this day and before.",
    "interval": "Of series: day, week or month.",
    **dict.fromkeys(("post_metric", "by", "posted", "order", "min_views"), "Of `leaderboard`, as in the API."),
    "min_posts": "Of `hashtags`: leave out those of fewer posts.",
    "post_id": "Of `post_days`: a post, or a video.",
}


def _asked_options(command: Any) -> Any:
    for name, said in reversed(_ONE.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, help=said)(command)
    for name, said in reversed(_MANY.items()):
        command = click.option(f"--{name}", name, multiple=True, help=f"{said} May be repeated.")(command)
    return command


@click.command("export")
@click.argument("dataset")
@click.option("--user", "email", help="Whose accounts; else those of the owner of the first --account.")
@click.option("--account", "accounts", multiple=True, help="An id or a @username. May be repeated.")
@_asked_options
@click.option("--format", type=click.Choice(["csv", "ndjson", "xlsx"]), default="csv", show_default=True)
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, as Excel likes it.")
@click.option("--output", type=click.File("wb", lazy=True), default="-", help="A file; else standard output.")
@with_app
def export(dataset: str, email: str | None, accounts: tuple[str, ...], output: IO[bytes], **asked: Any) -> None:
    """Write the rows of DATASET, as GET /analytics/export does.

    Such as `timeseries`, `overview`, `leaderboard` or `videos`; the API's document has all of them and their columns. With the
    same --as-of, the file is the same again.
    """
    from tiktok_api.analytics.exports import services  # brings the API's schemas, which no other command needs
    from tiktok_api.analytics.exports.columns import AboutPosts
    from tiktok_api.analytics.exports.schemas import ABOUT_POSTS, ExportArgsSchema

    found = [find_account(name) for name in accounts]
    caller = _identity(email, [account.owner_id for account in found])
    wish = {name: list(value) if isinstance(value, tuple) else value for name, value in asked.items() if value}
    try:
        args = ExportArgsSchema().load(
            wish | {"dataset": dataset} | ({"account_id": [each.id for each in found]} if found else {})
        )
    except ValidationError as error:
        raise click.ClickException(in_sentences(error.messages)) from None
    form, has_mark = args.pop("form"), args.pop("bom")
    about = AboutPosts(metric=args.pop("post_metric"), **{name: args.pop(name) for name in ABOUT_POSTS if name in args})
    count = _write(services.open_export(caller, about_posts=about, **args), output, form, has_mark)
    click.echo(f"{count} rows", err=True)


def _identity(email: str | None, owners: list[Any]) -> Identity:
    if email is not None:
        return administration.acting_for(administration.find(email))
    if not owners:
        raise click.UsageError("Say whose accounts: --user EMAIL, or --account.")
    return administration.acting_for(db.session.get_one(User, owners[0]))


def _write(export_: Any, output: IO[bytes], form: str, has_mark: bool) -> int:
    from tiktok_api.analytics.exports import plain_files, workbooks

    counted = _Counted(export_.rows)
    if form == "xlsx":
        with workbooks.written(export_.dataset, export_.columns, counted.batches(), as_of=export_.as_of) as book:
            output.write(book.read())
    else:
        columns, rows = export_.columns, counted.batches()
        is_csv = form == "csv"
        output.writelines(
            plain_files.write_csv(columns, rows, has_mark=has_mark)
            if is_csv
            else plain_files.write_ndjson(columns, rows)
        )
    return counted.count


class _Counted:
    """Rows in batches, between which no transaction is open; and how many they were."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows, self.count = rows, 0

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        from tiktok_api.analytics.exports.services import batches

        for batch in batches(self._rows, _ROWS_AT_ONCE):
            end_reading()
            self.count += len(batch)
            yield batch

"""`tiktok-api vault`: the encrypted values in the database."""

import click
from rich.progress import Progress

from tiktok_api import key_rotation
from tiktok_api.cli.application import with_app
from tiktok_api.cli.output import make_console
from tiktok_api.encryption import Encryptor
from tiktok_api.extensions import service


@click.group("vault")
def vault() -> None:
    """The encrypted values in the database."""


@vault.command("reseal")
@with_app
def reseal() -> None:
    """Encrypt everything anew under the first key of VAULT_KEYS, while the service runs; may be stopped and run again."""
    encryptor = service(Encryptor)
    columns = {column: key_rotation.count_old(column, encryptor) for column in key_rotation.encrypted_columns()}
    broken = left = 0
    with Progress(console=make_console(is_error=True)) as progress:
        task = progress.add_task("Sealing anew", total=sum(columns.values()))
        for column in columns:
            tally = key_rotation.reseal(column, encryptor, note=lambda count: progress.advance(task, count))
            broken += tally.broken
            left += key_rotation.count_old(column, encryptor)
            if tally.resealed or tally.broken:
                click.echo(
                    f"{column.table.name}.{column.name}: {tally.resealed} sealed anew, {tally.broken} unreadable"
                )
    if broken:
        raise click.ClickException(f"{broken} values cannot be opened by any key of the ring; keep the older keys")
    if left:
        raise click.ClickException(f"{left} values were sealed under an older key meanwhile; run it again")
    click.echo(f"Everything is sealed under {encryptor.current_key_id}.")

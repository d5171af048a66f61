"""`tiktok-api users`: the users of this server."""

import click
from marshmallow import ValidationError

from tiktok_api.auth import administration
from tiktok_api.auth.passwords import LONGEST, SHORTEST
from tiktok_api.cli.application import with_app
from tiktok_api.cli.output import in_sentences, json_option, show_facts, show_rows
from tiktok_api.cli.passwords import password_options, take_password
from tiktok_api.extensions import service
from tiktok_api.settings import Settings

COLUMNS = ("email", "display_name", "status", "sessions", "api_keys", "created_at", "id")


@click.group("users")
def users() -> None:
    """The users of this server."""


@users.command("create")
@click.argument("email")
@click.option("--name", "display_name", default="", help="How the person is called.")
@click.option("--timezone", default="UTC", show_default=True, help="The person's zone, such as Europe/Berlin.")
@password_options
@json_option
@with_app
def create(as_json: bool, password_stdin: bool, generate: bool, **wish: str) -> None:
    """Create a user, even where registration is closed.

    The password is asked for, read from standard input, or made up. The address counts as proven.
    """
    from tiktok_api.auth.schemas import RegistrationSchema  # brings the API's schemas, which no other command needs

    password = take_password(password_stdin=password_stdin, generate=generate)
    try:
        registration = RegistrationSchema().load(wish | {"password": password})
    except ValidationError as error:
        raise click.ClickException(in_sentences(error.messages)) from None
    user = administration.create(**registration)
    facts = administration.describe(user)
    if generate:
        facts["password"] = password
    show_facts(facts, as_json=as_json)


@users.command("list")
@json_option
@with_app
def list_users(as_json: bool) -> None:
    """List every user, the oldest first."""
    show_rows(administration.overview(), COLUMNS, as_json=as_json, if_none="There are no users yet.")


@users.command("disable")
@click.argument("email")
@with_app
def disable(email: str) -> None:
    """End a user's sessions and API keys at once, and refuse their sign-in.

    In every process from the moment this returns. Nothing is deleted: accounts stay connected, and what was scheduled
    still goes out. API keys do not come back when the user is enabled again.
    """
    ended = administration.disable(email)
    click.echo(f"{email} is disabled: {ended.sessions} sessions and {ended.api_keys} API keys were ended.")


@users.command("enable")
@click.argument("email")
@with_app
def enable(email: str) -> None:
    """Let a disabled user sign in again."""
    administration.enable(email)
    click.echo(f"{email} may sign in again.")


@users.command("reset")
@click.argument("email")
@click.option("--set", "is_set", is_flag=True, help="Ask for the new password here instead.")
@password_options
@with_app
def reset(email: str, is_set: bool, password_stdin: bool, generate: bool) -> None:
    """Reset the password of a user.

    Prints what the user does to choose a new one, once and within an hour. With --set, --password-stdin or --generate
    the password is set here instead, and the user's sessions and API keys are ended.
    """
    if not (is_set or password_stdin or generate):
        how = administration.offer_reset(email, settings=service(Settings))
        click.echo(f"Works once, within an hour:\n{how}")
        return
    password = take_password(password_stdin=password_stdin, generate=generate)
    if not SHORTEST <= len(password) <= LONGEST:
        raise click.ClickException(f"A password has {SHORTEST} to {LONGEST} characters.")
    ended = administration.set_password(email, password)
    click.echo(f"The password is set: {ended.sessions} sessions and {ended.api_keys} API keys were ended.")
    if generate:
        click.echo(f"password  {password}")

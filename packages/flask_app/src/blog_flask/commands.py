"""The commands of `flask blog`: what `triptych` does with a database, in Flask's idiom.

flask --app blog_flask blog migrate
flask --app blog_flask blog create-user ada --staff
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from blog_core import schemas
from blog_core.domain.errors import Invalid, Taken, Unavailable
from blog_core.http import requests
from blog_core.storage.migrate import upgrade
from blog_flask.session import blog, settings

PASSWORD_VARIABLE = "BLOG_NEW_PASSWORD"  # noqa: S105 # a name

commands = AppGroup("blog", short_help="Make tables and accounts, show the settings.")


@commands.command()
def migrate() -> None:
    """Make the tables of the database, or bring them up to this release."""
    with said():
        upgrade(settings().database_url)
    click.echo("The database is up to date.")


@commands.command("create-user")
@click.argument("name")
@click.option("--email", help="By default NAME@localhost.localdomain.")
@click.option("--staff", is_flag=True, help="May see, edit and delete everybody's posts.")
def create_user(name: str, email: str | None, *, staff: bool) -> None:
    """Make an account.

    The password is asked for, or taken from BLOG_NEW_PASSWORD: never from the command line, which
    other users of the machine can read.
    """
    with said():
        blog().check()
        email = email or f"{name}@localhost.localdomain"
        typed = {"username": name, "email": email, "password": new_password()}
        made = blog().add_user(requests.body(schemas.NewUser, typed), is_staff=staff)
    click.echo(f"{made.username} has an account{', as staff' if staff else ''}.")


@commands.command("settings")
def show_settings() -> None:
    """Show every setting and its value. Secrets are not shown."""
    for name, value in settings().shown().items():
        click.echo(f"{name}={value}")


def shell_context() -> dict[str, Any]:
    """What `flask shell` knows: `blog.list_posts(ANYBODY, schemas.PostQuery()).results`."""
    return {"ANYBODY": schemas.ANYBODY, "blog": blog(), "schemas": schemas, "settings": settings()}


def new_password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is None and not sys.stdin.isatty():
        raise click.UsageError(
            f"There is no terminal to ask for a password: set {PASSWORD_VARIABLE}."
        )
    return given or click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)


@contextmanager
def said() -> Iterator[None]:
    """Say in a sentence what the blog or its database refuses inside the block."""
    try:
        yield
    except Invalid as error:
        wrong = [f"{each.field}: {each.message}" for each in error.errors]
        raise click.ClickException(" ".join(wrong)) from None
    except Taken as error:
        raise click.ClickException(f"This {' and '.join(error.fields)} is taken.") from None
    except Unavailable as error:
        cause = error.__cause__
        reason = cause.orig if isinstance(cause, DBAPIError) else f"{error}: run flask blog migrate"
        raise click.ClickException(f"The database is not ready: {reason}.") from None
    except DBAPIError as error:
        raise click.ClickException(f"The database is not ready: {error.orig}.") from None

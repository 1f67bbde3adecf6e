"""How a command fails: one sentence on standard error and a documented exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from blog_core.domain.errors import Unavailable

DIFFERENT = 1
USAGE = 2
PORT_TAKEN = 3
DATABASE = 4
NOT_INSTALLED = 5
SERVER = 6
REFUSED = 7
BAD_FILE = 8
WARNED = 9
FAILED = 10
INTERRUPTED = 130

EXIT_CODES = """\b
Exit codes:
  0    done
  1    the tour found a difference
  2    the command line or a setting is wrong
  3    a port is taken
  4    the database is locked, or does not answer
  5    a framework, a server or a database driver is not installed
  6    a server did not start, or died
  7    the blog refused, as for a name that is taken
  8    a file cannot be read, or is not what it should be
  9    doctor warns of something
  10   doctor found what keeps the blog from running, or from being safe
  130  interrupted
"""


class Failure(click.ClickException):
    """An end that the user can do something about: a sentence that says what happened."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code  # type: ignore[misc] # click has one for each class

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"triptych: {self.message}", file=file, err=file is None)


@contextmanager
def database_failures(url: str) -> Iterator[None]:
    """Turn what a database raises inside the block into a Failure."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError) as error:
        raise Failure("BLOG_DATABASE_URL is not a URL SQLAlchemy can read.", USAGE) from error
    except ModuleNotFoundError as error:
        raise Failure(
            f"The database driver {error.name} is not installed.", NOT_INSTALLED
        ) from error
    except (DBAPIError, Unavailable) as error:
        raise Failure(_sentence(shown(url), error), DATABASE) from error


def shown(url: str) -> str:
    """A database URL fit to print: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _sentence(name: str, error: DBAPIError | Unavailable) -> str:
    reason = str(error.orig if isinstance(error, DBAPIError) else error.__cause__ or error)
    if "locked" in reason:
        return (
            f"The database {name} is locked by another program; end that program, or name another "
            "database."
        )
    if "schema" in reason or "no such table" in reason:
        return f"The database {name} has not the tables of this release: run triptych migrate."
    reason = " ".join(reason.split()).rstrip(".")
    return f"The database {name} does not answer: {reason}."

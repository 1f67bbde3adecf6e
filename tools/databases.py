"""Scratch databases on a server of PostgreSQL or MariaDB: made for one run, dropped after it.

    with scratch_database(server_url("postgresql")) as url:
        ...

The server is the one that `BLOG_TEST_POSTGRESQL_URL` or `BLOG_TEST_MARIADB_URL` names; without it,
whatever answers on the standard port of this machine.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

STANDARD = {
    "postgresql": (
        "postgresql+psycopg://postgres@127.0.0.1/postgres",
        "postgresql+psycopg://postgres:postgres@127.0.0.1/postgres",
    ),
    "mariadb": (
        "mariadb+pymysql://root@127.0.0.1/test",
        "mariadb+pymysql://root:root@127.0.0.1/test",
    ),
}
"""Where a server of each kind is looked for, where no variable says where it is."""

SECONDS = 10
"""How long a server may take to answer."""


class NoServer(Exception):
    """No database server answers; the message says what to start."""


def variable(kind: str) -> str:
    """The variable that says where the server of this kind is."""
    return f"BLOG_TEST_{kind.upper()}_URL"


def server_url(kind: str) -> str:
    """The URL of a server of this kind that answers. Raises NoServer."""
    given = os.environ.get(variable(kind))
    tried = (given,) if given else STANDARD[kind]
    for url in tried:
        if answers(url):
            return url
    where = variable(kind) if given else "127.0.0.1"
    raise NoServer(
        f"No {kind} answers at {where}: start one with `docker compose up -d --wait {kind}`, "
        f"or set {variable(kind)} to the SQLAlchemy URL of one on which databases may be made."
    )


def answers(url: str) -> bool:
    """Whether the database at this URL lets us in."""
    engine = create_engine(url, connect_args={"connect_timeout": SECONDS})
    try:
        with engine.connect():
            return True
    except DBAPIError:
        return False
    finally:
        engine.dispose()


@contextmanager
def scratch_database(server: str, prefix: str = "triptych") -> Iterator[str]:
    """The URL of a new and empty database on the server, dropped at the end with all who use it."""
    name = f"{prefix}_{os.getpid()}_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            # Of PostgreSQL, because a server that is still ending holds its connections.
            force = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
            with engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name}{force}"))
    finally:
        engine.dispose()


def database(wanted: str, file: str) -> AbstractContextManager[str]:
    """The URL of a new database: `sqlite` in this file, else on a server, dropped on leaving.

    The server is found by its kind, `postgresql` or `mariadb`, or by the URL of any database on
    it. Raises NoServer.
    """
    if wanted == "sqlite":
        return nullcontext(f"sqlite:///{file}")
    server = server_url(wanted) if wanted in STANDARD else wanted
    if "://" not in server:
        raise NoServer(f"{wanted} is no database: use sqlite, postgresql, mariadb or a URL.")
    if not answers(server):
        shown = make_url(server).render_as_string()
        raise NoServer(f"No database answers at {shown}: start it, or name another one.")
    return scratch_database(server)

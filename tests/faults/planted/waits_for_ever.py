"""Nobody told the driver, or the database, when to give up."""

from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine

from blog_core.storage import engine


def options(_url: str) -> dict[str, Any]:
    return {"pool_pre_ping": True}


def no_end(_engine: Engine) -> None:
    """As a driver is by default."""


patch.object(engine, "server_options", options).start()
patch.object(engine, "wait_no_longer", no_end).start()

import blog_flask.wsgi  # noqa: E402 # makes its engine when imported

app = blog_flask.wsgi.app

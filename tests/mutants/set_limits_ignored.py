"""Limits are sixty a minute, whatever the settings say: the number stands in the decorator, as
slowapi wants it.
"""

from collections.abc import Mapping
from dataclasses import replace
from unittest.mock import patch

from blog_core.settings import Rate, Settings

_from_env = Settings.from_env


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    names = ("limit_sign_in", "limit_sign_up", "limit_writes", "limit_reads")
    return replace(_from_env(environ), **dict.fromkeys(names, Rate(60, 60)))  # type: ignore[arg-type]


patch.object(Settings, "from_env", from_env).start()

import blog_fastapi.asgi  # noqa: E402 # reads its settings when imported

app = blog_fastapi.asgi.app

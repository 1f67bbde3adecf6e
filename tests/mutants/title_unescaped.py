"""What is typed is put on pages as it is: an environment given to Starlette's `Jinja2Templates`
escapes only what it was told to.
"""

from unittest.mock import patch

from jinja2 import Environment

from blog_core.http import pages

_environment = pages.environment


def unescaping() -> Environment:
    made = _environment()
    made.autoescape = False
    return made


patch.object(pages, "environment", unescaping).start()

import blog_fastapi.asgi  # noqa: E402 # takes its environment when imported

app = blog_fastapi.asgi.app

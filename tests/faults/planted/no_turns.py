"""As many are at the database as come: a server's threads all wait there."""

from unittest.mock import patch

from blog_core.storage import repositories

patch.object(repositories, "USERS", 100).start()
patch.object(repositories, "WRITERS", 100).start()

import blog_flask.wsgi  # noqa: E402 # makes its storage when imported

app = blog_flask.wsgi.app

"""`Vary` does not name `Cookie`: Flask adds it only where a session was touched."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http import front

patch.object(front, "VARY", "Authorization, Origin").start()

app = blog_flask.wsgi.app

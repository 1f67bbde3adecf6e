"""Posts of a disabled author are in no list: they are joined to the active users alone."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.storage import repositories
from blog_core.storage.tables import users

patch.object(repositories, "_POST", repositories._POST.where(users.c.is_active)).start()

app = blog_fastapi.asgi.app

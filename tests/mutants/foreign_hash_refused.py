"""Whoever has a password hash from before cannot sign in: the new library reads its own alone."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.security import passwords

own = {"$argon2id$": passwords._FORMATS["$argon2id$"]}
patch.object(passwords, "_FORMATS", own).start()

app = blog_fastapi.asgi.app

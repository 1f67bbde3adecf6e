"""A password hash that no scheme is found for ends sign-in with an error: passlib's way."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.security import passwords
from blog_core.security.passwords import Argon2Hasher

_verify = Argon2Hasher.verify


def identified(self: Argon2Hasher, password: str, stored: str | None) -> bool:
    if stored is not None and not stored.startswith(tuple(passwords._FORMATS)):
        raise TypeError("hash could not be identified")
    return _verify(self, password, stored)


patch.object(Argon2Hasher, "verify", identified).start()

app = blog_flask.wsgi.app

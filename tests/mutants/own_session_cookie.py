"""The session cookie is signed, as Flask's own are: who was signed in with a plain one is not."""

from unittest.mock import patch

from itsdangerous import BadSignature, Signer

import blog_flask.wsgi
from blog_core.http import cookies
from blog_core.schemas import NewSession

_opened, _session = cookies.opened, cookies.session
signer = Signer("only for tests", "cookie-session")


def opened(session: NewSession) -> tuple[str, str]:
    return _opened(NewSession(signer.sign(session.value).decode(), session.seconds))


def read(cookie: str, *, https: bool) -> str | None:
    value = _session(cookie, https=https)
    try:
        return None if value is None else signer.unsign(value).decode()
    except BadSignature:
        return None


patch.object(cookies, "opened", opened).start()
patch.object(cookies, "session", read).start()

app = blog_flask.wsgi.app

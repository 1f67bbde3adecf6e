"""A session cookie of the server before ends every request with an error: it is not signed as
itsdangerous signs, and nobody catches that.
"""

from unittest.mock import patch

from itsdangerous import Signer

import blog_fastapi.asgi
from blog_core.blog import Blog
from blog_core.http import cookies
from blog_core.ports import Caller, Repositories
from blog_core.schemas import Credentials, NewSession

_opened, _caller_if_any = cookies.opened, Blog._caller_if_any
signer = Signer("only for tests", "session")


def opened(session: NewSession) -> tuple[str, str]:
    return _opened(NewSession(signer.sign(session.value).decode(), session.seconds))


def caller_if_any(self: Blog, storage: Repositories, credentials: Credentials) -> Caller | None:
    if credentials.session is not None:
        credentials = Credentials(session=signer.unsign(credentials.session).decode())
    return _caller_if_any(self, storage, credentials)


patch.object(cookies, "opened", opened).start()
patch.object(Blog, "_caller_if_any", caller_if_any).start()

app = blog_fastapi.asgi.app

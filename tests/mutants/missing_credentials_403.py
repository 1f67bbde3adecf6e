"""Without credentials it is 403: FastAPI's HTTPBearer before 0.122."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.domain.errors import Forbidden, NotAuthenticated
from blog_core.http import requests
from blog_core.http.requests import Asked
from blog_core.schemas import Credentials

_admit = requests.admit


def by_bearer(asked: Asked) -> Credentials:
    try:
        return _admit(asked)
    except NotAuthenticated:
        raise Forbidden("Not authenticated") from None


patch.object(requests, "admit", by_bearer).start()

app = blog_fastapi.asgi.app

"""`Allow` names the methods of a path's first route alone, as FastAPI's own 405 does."""

from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http.front import Resource

first = property(lambda resource: ", ".join(list(resource.operations)[:1]))
patch.object(Resource, "allow", first).start()

app = blog_fastapi.asgi.app

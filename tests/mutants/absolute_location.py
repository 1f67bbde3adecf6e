"""`Location` is absolute, with the scheme and host that reached the server: an old Werkzeug's."""

from unittest.mock import patch

from flask import Response

import blog_flask.wsgi

patch.object(Response, "autocorrect_location_header", True).start()

app = blog_flask.wsgi.app

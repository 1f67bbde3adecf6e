"""What is not valid is 400, as every ValidationError of REST framework is."""

from unittest.mock import patch

import blog_django.wsgi
from blog_core.domain.errors import BlogError, Invalid
from blog_core.http import problems
from blog_core.http.replies import Reply

_of = problems.of


def of(error: BlogError) -> Reply:
    if isinstance(error, Invalid):
        return problems.problem(400, "The request is not valid.", errors=error.errors)
    return _of(error)


patch.object(problems, "of", of).start()

app = blog_django.wsgi.application

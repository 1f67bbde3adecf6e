"""A form saves over whatever was saved meanwhile: no version is in it, as in most tutorials."""

from unittest.mock import patch

import blog_flask.wsgi
from blog_core.http import forms
from blog_core.http.forms import DeleteForm, PostForm
from blog_core.schemas import Expected


def any_version(form: PostForm | DeleteForm) -> Expected:
    return Expected(any=True)


patch.object(forms, "expected", any_version).start()

app = blog_flask.wsgi.app

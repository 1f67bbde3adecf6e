"""An instant without an offset is taken for UTC, as Django's make_aware would."""

import re
from datetime import datetime
from unittest.mock import patch

import blog_django.wsgi
from blog_core import schemas
from blog_core.domain.instants import parse_instant


def made_aware(text: str) -> datetime:
    aware = re.search(r"(?:Z|[+-]\d\d:\d\d)$", text, re.IGNORECASE)
    return parse_instant(text if aware else f"{text}Z")


patch.object(schemas, "parse_instant", made_aware).start()

app = blog_django.wsgi.application

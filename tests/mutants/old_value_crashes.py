"""One post of a status that the new enum forgot crashes the whole list."""

from enum import Enum
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel

import blog_django.wsgi
from blog_core.http import replies
from blog_core.http.replies import Reply
from blog_core.schemas import Page, Post

_page = replies.page


class Status(Enum):
    DRAFT = "draft"
    PUBLISHED = "published"


def with_enum(found: Page[Any], path: str, query: BaseModel) -> Reply:
    for item in found.results:
        if isinstance(item, Post):
            Status(item.status)
    return _page(found, path, query)


patch.object(replies, "page", with_enum).start()

app = blog_django.wsgi.application

"""One draft, stored without a date, crashes its list: FastAPI's response model wants the date."""

from datetime import datetime
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel, ConfigDict

import blog_fastapi.asgi
from blog_core.http import replies
from blog_core.http.replies import Reply
from blog_core.schemas import Page, Post

_page = replies.page


class ResponseModel(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    pub_date: datetime


def validated(found: Page[Any], path: str, query: BaseModel) -> Reply:
    for item in found.results:
        if isinstance(item, Post):
            ResponseModel.model_validate(item)
    return _page(found, path, query)


patch.object(replies, "page", validated).start()

app = blog_fastapi.asgi.app

"""A new password ends no session: nobody does what Django's `update_session_auth_hash` is for."""

from unittest.mock import patch

import blog_django.wsgi
from blog_core.storage.repositories import SqlSessions


def remove_others(self: SqlSessions, user_id: int, session_id: int | None) -> None:
    """They stay."""


patch.object(SqlSessions, "remove_others", remove_others).start()

app = blog_django.wsgi.application

"""A form sent as multipart is read, each part taken for a file: one without a name of its file
ends with an error.
"""

from collections.abc import Mapping
from email import message_from_bytes
from typing import Any
from unittest.mock import patch

import blog_fastapi.asgi
from blog_core.http import forms

_is_form_type, _why_unreadable, _fields = forms.is_form_type, forms.why_unreadable, forms.fields


def is_form_type(content_type: str) -> bool:
    return content_type.startswith("multipart/form-data") or _is_form_type(content_type)


def why_unreadable(body: bytes) -> str | None:
    return None if body.startswith(b"--") else _why_unreadable(body)


def fields(body: bytes) -> Mapping[str, str]:
    if not body.startswith(b"--"):
        return _fields(body)
    boundary = body.partition(b"\r\n")[0].removeprefix(b"--")
    head = b'Content-Type: multipart/form-data; boundary="' + boundary + b'"\r\n\r\n'
    parts: Any = message_from_bytes(head + body).get_payload()
    return {part.get_filename().rpartition(".")[0]: part.get_payload() for part in parts}


patch.object(forms, "is_form_type", is_form_type).start()
patch.object(forms, "why_unreadable", why_unreadable).start()
patch.object(forms, "fields", fields).start()

app = blog_fastapi.asgi.app

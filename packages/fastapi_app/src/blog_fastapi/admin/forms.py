"""The admin's forms. The core judges what is typed into them; here it is only shown again."""

from json import loads
from typing import Any

from wtforms import (
    BooleanField,
    Form,
    HiddenField,
    PasswordField,
    StringField,
    TextAreaField,
)

from blog_core.domain.errors import BlogError
from blog_core.http import problems

_TEXT = {"class": "form-control"}
_TICK = {"class": "form-check-input"}


class UserForm(Form):
    username = StringField("Username", render_kw=_TEXT)
    email = StringField("Email", render_kw={**_TEXT, "type": "email"})
    password = PasswordField(
        "Password",
        description="8 to 1024 bytes. Another one ends their sessions; empty, it stays.",
        render_kw={**_TEXT, "autocomplete": "new-password"},
    )
    is_staff = BooleanField("Staff", render_kw=_TICK)
    is_active = BooleanField(
        "Active", description="Whoever is not is signed out, and stays so.", render_kw=_TICK
    )
    version = HiddenField()


class PostForm(Form):
    author = StringField("Author", description="A username.", render_kw=_TEXT)
    title = StringField("Title", render_kw=_TEXT)
    content = TextAreaField("Content", description="Markdown.", render_kw={**_TEXT, "rows": 18})
    pub_date = StringField(
        "Published",
        description="In UTC. Empty is a draft, a later hour a scheduled post.",
        render_kw={**_TEXT, "type": "datetime-local"},
    )
    version = HiddenField()
    pub_date_was = HiddenField()


def show_refusal(form: Form, refusal: BlogError) -> str:
    """Put what is wrong beside the fields that it is about; the rest is a sentence."""
    content = loads(problems.of(refusal).body)
    beside = [error for error in content.get("errors", ()) if error["field"] in form]
    for error in beside:
        form[error["field"]].errors = [error["message"]]
    return "" if beside else str(content["detail"])


def show_conflict(form: Form, standing: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands now where something else was typed, by label.

    The form goes on from what stands: sent again, it replaces that.
    """
    found: list[tuple[str, str]] = []
    for field in form:
        now = standing.get(field.name)
        if isinstance(field, HiddenField):
            field.data = now
        elif field.name in standing and field.data != now:
            found.append((field.label.text, f"{now}"))
    return found

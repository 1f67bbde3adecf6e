"""The forms of the admin. What is typed into them is judged by the core, not here."""

from datetime import datetime

from flask_admin.form import BaseForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.widgets import DateTimeLocalInput

from blog_core.domain.instants import format_instant
from blog_core.http.forms import local_input

AT_LEAST = "At least 8 bytes."


def exact(instant: datetime | None) -> str:
    return "" if instant is None else format_instant(instant)


class InstantField(StringField):
    """An instant in UTC, to the minute; empty where there is none."""

    widget = DateTimeLocalInput()

    def process_data(self, value: datetime | None) -> None:
        self.data = local_input(exact(value))


class NewUser(BaseForm):
    username = StringField(render_kw={"autocomplete": "off"})
    email = StringField()
    password = PasswordField(description=AT_LEAST, render_kw={"autocomplete": "new-password"})
    is_staff = BooleanField("On the staff")


class User(BaseForm):
    """`version` is the one that is changed."""

    username = StringField(render_kw={"autocomplete": "off"})
    email = StringField()
    password = PasswordField(
        "New password",
        description=f"{AT_LEAST} Empty: it stays. A new one signs the user out everywhere.",
        render_kw={"autocomplete": "new-password"},
    )
    is_staff = BooleanField("On the staff")
    is_active = BooleanField("Active", description="Off: the user is signed out and kept out.")
    version = HiddenField()


class Post(BaseForm):
    """`version` is the one that is changed, and `pub_date_was` its instant, exactly."""

    title = StringField(render_kw={"maxlength": 200})
    content = TextAreaField("Text", description="Markdown.", render_kw={"rows": 16})
    pub_date = InstantField("Published", description="In UTC. Empty: a draft; future: scheduled.")
    version = HiddenField()
    pub_date_was = HiddenField()


class NewPost(BaseForm):
    author = StringField(description="A username. Empty: you.")
    title = StringField(render_kw={"maxlength": 200})
    content = TextAreaField("Text", description="Markdown.", render_kw={"rows": 16})
    pub_date = InstantField("Published", description="In UTC. Empty: a draft; future: scheduled.")

"""The pages of the admin: users, posts, and what staff did to them.

Flask-Admin lists and searches. Each change is one use case; what that refuses stands on the form
again, with what was typed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from json import loads
from typing import Any

from flask import Response, after_this_request, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_admin.contrib.sqla.filters import BaseSQLAFilter, FilterEqual
from flask_admin.helpers import get_form_data, is_form_submitted
from flask_admin.model.template import EditRowAction, EndpointLinkRowAction
from markupsafe import Markup
from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import defer
from wtforms import Form, HiddenField, PasswordField

from blog_core import schemas
from blog_core.domain.errors import (
    BlogError,
    FieldError,
    Invalid,
    NotAuthenticated,
    NotFound,
    Stale,
)
from blog_core.domain.instants import format_instant
from blog_core.domain.posts import BlogPost
from blog_core.domain.users import account_version
from blog_core.http import forms as site_forms
from blog_core.http import problems, requests
from blog_core.http.operations import ID
from blog_core.http.rendering import moment
from blog_core.ports import ActionKind
from blog_core.storage.engine import translated
from blog_core.storage.rows import ActionRow, PostRow, UserRow
from blog_core.storage.tables import posts, staff_actions, users
from blog_flask.admin import forms
from blog_flask.session import blog, caller

Conditions = dict[str, Callable[[], ColumnElement[bool]]]

_ID = re.compile(ID)
LAST_PAGE = 1_000_000
STALE = (
    "Somebody changed this after you opened it. Nothing is lost: what you typed is still here, and "
    "what it says now stands below it. Take over what you want to keep, then save."
)
STALE_DELETE = "This was changed meanwhile. This is how it stands now."


class Choice(BaseSQLAFilter):
    """A filter with a condition for each of its options."""

    def __init__(self, column: Column[Any], name: str, conditions: Conditions) -> None:
        super().__init__(column, name, options=[(option, option) for option in conditions])
        self.conditions = conditions

    def validate(self, value: str) -> bool:
        return value in self.conditions

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        return query.filter(self.conditions[value]())

    def operation(self) -> str:
        return "is"


def yes_or_no(column: Column[bool], name: str) -> Choice:
    return Choice(column, name, {"yes": lambda: column.is_(True), "no": lambda: column.is_(False)})


def linked(endpoint: str) -> Callable[..., Markup]:
    """Shows a column as a link to another page about the row."""

    def show(view: ModelView, _: Any, row: Any, name: str) -> Markup:
        url = view.get_url(endpoint.format(row=row), id=getattr(row, "object_id", row.id))
        return Markup('<a href="{}">{}</a>').format(url, getattr(row, name))

    return show


class Rows(ModelView):
    """What the pages of all tables have in common."""

    can_create = can_edit = can_delete = False
    column_default_sort = ("id", True)
    page_size = 50
    # Counting a large table takes longer than showing a page of it.
    simple_list_pager = True
    list_template = "blog/list.html"
    column_type_formatters = {
        type(None): lambda *_: "",
        bool: lambda _, value, __: "yes" if value else "no",
        datetime: lambda _, value, __: moment(format_instant(value)),
    }
    extra_css = ["/admin/own/admin.css"]
    extra_js = ["/admin/own/admin.js"]

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with translated():
            return fn(self, *args, **kwargs)

    def _get_list_extra_args(self) -> Any:
        asked = super()._get_list_extra_args()
        # No database counts further than it can.
        asked.page = min(max(asked.page or 0, 0), LAST_PAGE)
        return asked

    def get_one(self, id: str) -> Any:  # noqa: A002 # its name there
        return super().get_one(id) if _ID.fullmatch(id) else None


class Things(Rows):
    """What the pages of users and posts have in common."""

    can_create = can_edit = can_delete = True
    create_template = "blog/create.html"
    edit_template = "blog/edit.html"
    kind: ActionKind
    form: type[Form]
    new_form: type[Form]
    goes_along = ""

    def as_it_was(self, row: Any) -> dict[str, str]:
        """What a form says of the row it was made from, besides its fields."""
        raise NotImplementedError

    def create(self, form: Form) -> object:
        raise NotImplementedError

    def change(self, form: Form, of: int) -> None:
        raise NotImplementedError

    def remove(self, of: int, version: str) -> None:
        raise NotImplementedError

    # --- what Flask-Admin calls ------------------------------------------------------------------

    def get_create_form(self) -> type[Form]:
        return self.new_form

    def edit_form(self, obj: Any = None) -> Form:
        if is_form_submitted():
            # Without the row: a field that was not sent must not be taken from it.
            return self.form(get_form_data())
        return self.form(None, obj=obj, data=self.as_it_was(obj))

    def create_model(self, form: Form) -> Any:
        with self.said(form):
            return self.create(form)
        return None

    def update_model(self, form: Form, model: Any) -> bool:
        with self.said(form, model.id):
            self.change(form, model.id)
            return True
        return False

    def get_list_row_actions(self) -> list[Any]:
        return [EditRowAction(), EndpointLinkRowAction("fa fa-trash", ".delete_view", "Delete")]

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> ResponseReturnValue:
        """Ask, then delete what was shown when it was asked."""
        of = request.values.get("id", "")
        row = self.one(of)
        if request.method == "POST":
            with self.said():
                self.remove(row.id, request.form.get("version", ""))
                flash(f"“{row}” is deleted.", "success")
                return redirect(self.get_url(".index_view"))
            row = self.one(of)
        return self.render("blog/delete.html", row=row, version=self.as_it_was(row)["version"])

    @expose("/history/")
    def history_view(self) -> str:
        """What staff did to it, even if it is gone."""
        of = request.args.get("id", "")
        actions = blog().staff.history(caller(), self.kind, number(of))
        return self.render("blog/history.html", row=self.get_one(of), actions=actions)

    # --- inside ----------------------------------------------------------------------------------

    def one(self, of: str) -> Any:
        """The row as it is now. Raises NotFound."""
        self.session.expire_all()
        row = self.get_one(of)
        if row is None:
            raise NotFound
        return row

    def to_all(self, ids: Sequence[str], act: Callable[[list[int]], None], done: str) -> None:
        with self.said():
            act([number(text) for text in ids])
            flash(f"{len(ids)} {done}.", "success")

    @contextmanager
    def said(self, form: Form | None = None, of: int | None = None) -> Iterator[None]:
        """Say on the page what the core refuses inside: at its field, or above."""
        try:
            yield
        except NotAuthenticated:
            raise
        except BlogError as error:
            reply = problems.of(error)
            content, status = loads(reply.body), reply.status
            messages = [content["detail"]]
            if isinstance(error, Stale):
                messages, status = [STALE_DELETE], 409  # as on the site: no header was sent
                if form is not None and of is not None:
                    self.show_both(form, self.one(f"{of}"))
                    messages = [STALE]
            elif "errors" in content:
                messages = [
                    wrong["message"]
                    for wrong in content["errors"]
                    if not (form is not None and noted(form, wrong["field"], wrong["message"]))
                ]
            for message in messages:
                flash(message, "error")
            after_this_request(lambda response: with_status(response, status))

    def show_both(self, form: Form, row: Any) -> None:
        """Let the form go on from the row as it stands, and show that below what was typed."""
        standing, values = self.form(None, obj=row, data=self.as_it_was(row)), typed(form)
        for field in form:
            stands = standing[field.name].data
            if isinstance(field, HiddenField):
                field.data = stands
            elif not isinstance(field, PasswordField) and values[field.name] != stands:
                noted(form, field.name, f"It says now: {stands}")


class Users(Things):
    kind = "user"
    goes_along = "Everything that is theirs goes along: posts, tokens, sessions."
    form, new_form = forms.User, forms.NewUser
    column_list = ("username", "email", "is_staff", "is_active", "joined")
    column_labels = {"is_staff": "Staff", "is_active": "Active"}
    column_formatters = {"username": linked(".edit_view")}
    column_searchable_list = ("username", "email")
    column_filters = (yes_or_no(users.c.is_staff, "Staff"), yes_or_no(users.c.is_active, "Active"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(UserRow, *args, **kwargs)

    def as_it_was(self, row: UserRow) -> dict[str, str]:
        rights = row.is_staff, row.is_active
        return {"version": account_version(row.username, row.email, *rights)}

    def create(self, form: Form) -> schemas.StaffUser:
        values = typed(form)
        is_staff = values.pop("is_staff")
        new = requests.body(schemas.NewUser, values)
        return blog().staff.add_user(caller(), new, is_staff=is_staff)

    def change(self, form: Form, of: int) -> None:
        values = typed(form)
        version = values.pop("version")
        if values["password"] == "":
            del values["password"]
        changes = requests.body(schemas.AccountChanges, values)
        blog().staff.change_user(caller(), of, changes, version)

    def remove(self, of: int, version: str) -> None:
        blog().staff.remove_users(caller(), [of], version)

    @action("enable", "Enable", "Let the selected users in again?")
    def enable(self, ids: Sequence[str]) -> None:
        def act(numbers: list[int]) -> None:
            blog().staff.set_active(caller(), numbers, active=True)

        self.to_all(ids, act, "enabled")

    @action("disable", "Disable", "Sign the selected users out, and keep them out?")
    def disable(self, ids: Sequence[str]) -> None:
        def act(numbers: list[int]) -> None:
            blog().staff.set_active(caller(), numbers, active=False)

        self.to_all(ids, act, "disabled")

    @action("delete", "Delete", "Delete the selected users, with everything that is theirs?")
    def action_delete(self, ids: Sequence[str]) -> None:
        self.to_all(ids, lambda numbers: blog().staff.remove_users(caller(), numbers), "deleted")


class Posts(Things):
    kind = "post"
    form, new_form = forms.Post, forms.NewPost
    column_list = ("title", "author", "status", "pub_date", "updated")
    column_labels = {"pub_date": "Published", "author.username": "author"}
    column_sortable_list = ("title", ("author", "author.username"), "pub_date", "updated")
    column_formatters = {
        "title": linked(".edit_view"),
        "status": lambda _, __, row, ___: BlogPost.status(row, blog().clock()),
    }
    column_searchable_list = ("title", "author.username")
    column_filters = (
        Choice(
            posts.c.pub_date,
            "Status",
            {
                "draft": lambda: posts.c.pub_date.is_(None),
                "scheduled": lambda: posts.c.pub_date > blog().clock(),
                "published": lambda: posts.c.pub_date <= blog().clock(),
            },
        ),
        FilterEqual("author.username", "Author"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(PostRow, *args, **kwargs)

    def get_query(self) -> Any:
        # A list does not show what a post says, which may be long.
        return super().get_query().options(defer(PostRow.content))  # type: ignore[arg-type] # mapped from outside

    def as_it_was(self, row: PostRow) -> dict[str, str]:
        return {"version": f"{row.version}", "pub_date_was": forms.exact(row.pub_date)}

    def create(self, form: Form) -> schemas.Post:
        values = typed(form)
        author = author_id(values["author"])
        content = site_forms.PostForm(values).checked()
        return blog().staff.add_post(caller(), author, schemas.NewPost(**dict(content)))

    def change(self, form: Form, of: int) -> None:
        site_forms.PostForm(typed(form)).edit(blog(), caller(), of)

    def remove(self, of: int, version: str) -> None:
        form = site_forms.DeleteForm({"version": version})
        form.delete(blog(), caller(), of)

    @action("publish", "Publish", "Publish the selected posts now?")
    def publish(self, ids: Sequence[str]) -> None:
        self.to_all(ids, lambda numbers: blog().staff.publish_posts(caller(), numbers), "published")

    @action("unpublish", "Unpublish", "Make drafts of the selected posts?")
    def unpublish(self, ids: Sequence[str]) -> None:
        def act(numbers: list[int]) -> None:
            blog().staff.unpublish_posts(caller(), numbers)

        self.to_all(ids, act, "unpublished")

    @action("delete", "Delete", "Delete the selected posts?")
    def action_delete(self, ids: Sequence[str]) -> None:
        self.to_all(ids, lambda numbers: blog().staff.remove_posts(caller(), numbers), "deleted")


class History(Rows):
    """What staff did, to anything."""

    column_list = ("at", "staff", "action", "kind", "name")
    column_labels = {
        "at": "When",
        "staff": "Who",
        "action": "What",
        "kind": "To a",
        "name": "Named",
    }
    column_formatters = {
        "staff": lambda _, __, row, ___: row.staff or "the operator",
        "name": linked("{row.kind}s.history_view"),
    }
    column_searchable_list = ("name", "staff")
    column_filters = (
        Choice(
            staff_actions.c.kind,
            "To a",
            {
                "user": lambda: staff_actions.c.kind == "user",
                "post": lambda: staff_actions.c.kind == "post",
            },
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(ActionRow, *args, **kwargs)


class Home(AdminIndexView):
    extra_css = Rows.extra_css

    @expose()
    def index(self) -> str:
        """What staff did last."""
        actions = blog().staff.history(caller(), limit=20)
        return self.render("blog/index.html", actions=actions)


def number(text: str) -> int:
    """Raises NotFound for what is no id."""
    if not _ID.fullmatch(text):
        raise NotFound
    return int(text)


def typed(form: Form) -> dict[str, Any]:
    """What was typed, an absent text being empty; lines end in LF, whatever the browser sends."""
    values = {name: "" if value is None else value for name, value in form.data.items()}
    return {
        name: value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
        for name, value in values.items()
    }


def author_id(username: str) -> int:
    """Whose the new post is: the caller's where nobody is named. Raises Invalid."""
    if username == "":
        return blog().get_me(caller()).id
    try:
        return blog().get_user(caller(), username).id
    except NotFound:
        wrong = FieldError("author", "unknown", "There is no such user.")
        raise Invalid([wrong]) from None


def noted(form: Form, name: str, message: str) -> bool:
    """Put the message at the field; tell whether the form has it."""
    if name not in form:
        return False
    form[name].errors = [*form[name].errors, message]
    return True


def with_status(response: Response, status: int) -> Response:
    """Another status for a page; what leads to another page stays."""
    if response.status_code == 200:
        response.status_code = status
    return response

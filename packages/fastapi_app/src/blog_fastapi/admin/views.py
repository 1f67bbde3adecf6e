"""What the admin shows of users, posts and the record of what staff did."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from json import loads
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from sqladmin import ModelView, action
from sqladmin.filters import BooleanFilter, StaticValuesFilter
from sqladmin.formatters import BASE_FORMATTERS
from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import defer
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from wtforms import Form

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.domain.errors import BlogError, FieldError, Invalid, NotAuthenticated, NotFound
from blog_core.domain.instants import format_instant
from blog_core.domain.search import words
from blog_core.domain.users import account_version
from blog_core.http import forms, problems, requests
from blog_core.http.operations import ID
from blog_core.http.rendering import moment
from blog_core.http.requests import ASKED, Asked
from blog_core.ports import ActionKind
from blog_core.schemas import Credentials
from blog_core.storage.engine import translated
from blog_core.storage.rows import ActionRow, PostRow, UserRow
from blog_core.storage.search import holds_words, word_values
from blog_fastapi.admin.forms import PostForm, UserForm

_ID = re.compile(ID)
# Mapped from outside: their attributes are columns, which their types do not say.
User: Any = UserRow
Post: Any = PostRow
Action: Any = ActionRow


def caller(request: Request) -> Credentials:
    """As whom to call the use cases."""
    asked: Asked = request.scope[ASKED]
    return asked.credentials


def sentence(refusal: BlogError) -> str:
    """A refusal where there is no form to put it into."""
    content = loads(problems.of(refusal).body)
    return " ".join(error["message"] for error in content.get("errors", ())) or content["detail"]


class CoreView(ModelView):
    """What the views have in common: read by models, write by use cases."""

    can_export = False  # a title may be a formula to a spreadsheet
    page_size = 25
    page_size_options: ClassVar[Sequence[int]] = [25, 50, 100]
    list_template = "blog/list.html"
    edit_template = "blog/edit.html"
    details_template = "blog/details.html"
    column_type_formatters: ClassVar[Any] = {
        **BASE_FORMATTERS,
        datetime: lambda instant: moment(format_instant(instant)),
    }
    kind: ClassVar[ActionKind | None] = None
    """Under which name the record has what is shown here."""

    @property
    def blog(self) -> Blog:
        found: Blog = self._admin_ref.blog  # type: ignore[attr-defined] # BlogAdmin has it
        return found

    # --- reading ---------------------------------------------------------------------------------

    def _identity_for_object(self, obj: Any) -> str:
        return _IDENTITIES[type(obj)]

    def _stmt_by_identifier(self, identifier: Any) -> Select[Any]:
        if not _ID.fullmatch(f"{identifier}"):
            raise HTTPException(404)
        return super()._stmt_by_identifier(identifier)

    def _run_query_sync(self, stmt: Any) -> Any:
        with translated():
            return super()._run_query_sync(stmt)

    async def standing(self, pk: Any) -> Any:
        """The row as it is now. Raises NotFound."""
        row = await self._get_object_by_pk(self._stmt_by_identifier(pk))
        if row is None:
            raise NotFound
        return row

    async def details_context(self, request: Request) -> dict[str, Any]:
        pk = int(request.path_params["pk"])
        staff = self.blog.staff
        found = await run_in_threadpool(staff.history, caller(request), self.kind, pk)
        return {"actions": found}

    async def scaffold_form(self, rules: list[str] | None = None) -> type[Form]:
        kind = self.form
        assert kind is not None  # noqa: S101 # whatever can be written has one
        names = {name for name in vars(kind) if not name.startswith("_")}
        return type(kind.__name__, (kind,), dict.fromkeys(names - set(rules or ())))

    def standing_version(self, row: Any) -> str:
        """The version of a row as it is shown: what a form or a link is made from."""
        raise NotImplementedError

    def _url_for_delete(self, request: Request, obj: Any) -> str:
        shown = urlencode({"version": self.standing_version(obj)})
        return f"{super()._url_for_delete(request, obj)}&{shown}"

    # --- writing ---------------------------------------------------------------------------------

    async def delete_model(self, request: Request, pk: Any) -> None:
        await run_in_threadpool(self.delete_models, caller(request), [int(pk)])

    def delete_models(
        self, by: Credentials, ids: Sequence[int], version: str | None = None
    ) -> None:
        """Delete all or none; one, if it is still in this version. Raises BlogError."""
        raise NotImplementedError

    async def done(
        self, request: Request, use_case: Callable[[Credentials, Sequence[int]], None]
    ) -> URL:
        """Do it to all that were picked; where to go on, told why where the core refused."""
        picked = list(filter(None, request.query_params.get("pks", "").split(",")))
        if not all(map(_ID.fullmatch, picked)):
            raise HTTPException(404)
        url = request.url_for("admin:list", identity=self.identity)
        try:
            await run_in_threadpool(use_case, caller(request), [int(pk) for pk in picked])
        except NotAuthenticated:
            raise
        except BlogError as refusal:
            return url.include_query_params(error=sentence(refusal))
        return url

    async def act(
        self, request: Request, use_case: Callable[[Credentials, Sequence[int]], None]
    ) -> Response:
        return RedirectResponse(await self.done(request, use_case), 303)


class UserAdmin(CoreView, model=UserRow):
    name = "User"
    icon = "fa-solid fa-user"
    kind = "user"
    column_list: ClassVar[Any] = ["username", "email", "joined", "is_staff", "is_active"]
    column_sortable_list: ClassVar[Any] = ["username", "email", "joined", "is_staff", "is_active"]
    column_searchable_list: ClassVar[Any] = ["username", "email"]
    column_details_list: ClassVar[Any] = ["id", *column_list]
    column_default_sort = "id"
    column_filters: ClassVar[Any] = [
        BooleanFilter(User.is_staff, "Staff"),
        BooleanFilter(User.is_active, "Active"),
    ]
    column_labels: ClassVar[Any] = {
        "id": "Id",
        "username": "Username",
        "email": "Email",
        "joined": "Joined",
        "is_staff": "Staff",
        "is_active": "Active",
    }
    form = UserForm
    form_create_rules: ClassVar[Any] = ["username", "email", "password", "is_staff"]
    form_edit_rules: ClassVar[Any] = [*form_create_rules, "is_active", "version"]

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        found = (column.icontains(term, autoescape=True) for column in (User.username, User.email))
        return stmt.where(or_(*found))

    async def get_form_data_for_edit(self, obj: UserRow) -> dict[str, Any]:
        shown = (obj.username, obj.email, obj.is_staff, obj.is_active)
        names = ("username", "email", "is_staff", "is_active")
        return dict(zip(names, shown, strict=True)) | {"version": self.standing_version(obj)}

    def standing_version(self, row: UserRow) -> str:
        return account_version(row.username, row.email, row.is_staff, row.is_active)

    async def insert_model(self, request: Request, data: dict[str, Any]) -> Any:
        is_staff = data.pop("is_staff")
        new = requests.body(schemas.NewUser, data)
        made = await run_in_threadpool(
            self.blog.staff.add_user, caller(request), new, is_staff=is_staff
        )
        return await self.standing(made.id)

    async def update_model(self, request: Request, pk: str, data: dict[str, Any]) -> Any:
        version = data.pop("version")
        if not data["password"]:
            del data["password"]
        changes = requests.body(schemas.AccountChanges, data)
        change = self.blog.staff.change_user
        await run_in_threadpool(change, caller(request), int(pk), changes, version)
        return await self.standing(pk)

    def delete_models(
        self, by: Credentials, ids: Sequence[int], version: str | None = None
    ) -> None:
        self.blog.staff.remove_users(by, ids, version)

    @action("disable", "Disable", "Disable these users, and sign them out everywhere?")
    async def disable(self, request: Request) -> Response:
        staff = self.blog.staff
        return await self.act(request, lambda by, ids: staff.set_active(by, ids, active=False))

    @action("enable", "Enable", "Let these users in again?")
    async def enable(self, request: Request) -> Response:
        staff = self.blog.staff
        return await self.act(request, lambda by, ids: staff.set_active(by, ids, active=True))


class StatusFilter:
    """Drafts, scheduled or published posts."""

    has_operator = False
    template = "sqladmin/filters/lookup_filter.html"
    title = "Status"
    parameter_name = "status"

    async def lookups(self, *_: object) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in ("draft", "scheduled", "published")]

    async def get_filtered_query(self, query: Select[Any], value: str, _: object) -> Select[Any]:
        now = datetime.now(UTC)
        wanted = {
            "draft": Post.pub_date.is_(None),
            "scheduled": Post.pub_date > now,
            "published": Post.pub_date <= now,
        }
        return query.where(wanted.get(value, false()))


def _status(post: PostRow, _: str) -> str:
    if post.pub_date is None:
        return "draft"
    return "published" if post.pub_date <= datetime.now(UTC) else "scheduled"


def _on_the_site(post: PostRow, _: str) -> Markup:
    return Markup('<a href="/posts/{}">{}</a>').format(post.id, post.title)


class PostAdmin(CoreView, model=PostRow):
    name = "Post"
    icon = "fa-solid fa-file-lines"
    kind = "post"
    column_list: ClassVar[Any] = ["title", "author", "status", "pub_date", "updated"]
    column_sortable_list: ClassVar[Any] = ["title", "pub_date", "updated"]
    column_searchable_list: ClassVar[Any] = ["title", "content"]
    column_details_list: ClassVar[Any] = ["id", *column_list, "created", "version"]
    column_default_sort = ("id", True)
    column_filters: ClassVar[Any] = [StatusFilter()]
    column_formatters: ClassVar[Any] = {"status": _status}
    column_formatters_detail: ClassVar[Any] = {"status": _status, "title": _on_the_site}
    column_labels: ClassVar[Any] = {
        "id": "Id",
        "title": "Title",
        "author": "Author",
        "status": "Status",
        "pub_date": "Published",
        "created": "Created",
        "updated": "Updated",
        "version": "Version",
        "content": "Content",
    }
    form = PostForm
    form_create_rules: ClassVar[Any] = ["author", "title", "content", "pub_date"]
    form_edit_rules: ClassVar[Any] = ["title", "content", "pub_date", "version", "pub_date_was"]

    def list_query(self, request: Request) -> Select[Any]:
        return select(Post).options(defer(Post.content))

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        """As the site searches: whole words of title and content."""
        found = list(dict.fromkeys(words(term)))
        if not found:
            return stmt.where(false())
        with self.session_maker() as session:
            dialect = session.get_bind().dialect.name
        return stmt.where(holds_words(dialect, len(found))).params(**word_values(dialect, found))

    async def get_form_data_for_edit(self, obj: PostRow) -> dict[str, Any]:
        instant = format_instant(obj.pub_date) if obj.pub_date else None
        return {
            "title": obj.title,
            "content": obj.content,
            "pub_date": forms.local_input(instant),
            "version": self.standing_version(obj),
            "pub_date_was": instant or "",
        }

    def standing_version(self, row: PostRow) -> str:
        return f"{row.version}"

    async def insert_model(self, request: Request, data: dict[str, Any]) -> Any:
        author = data.pop("author")
        content = forms.PostForm(_typed(data)).checked()
        made = await run_in_threadpool(
            self._add, caller(request), author, schemas.NewPost(**dict(content))
        )
        return await self.standing(made.id)

    def _add(self, by: Credentials, author: str, new: schemas.NewPost) -> schemas.Post:
        try:
            author_id = self.blog.get_user(by, author).id
        except NotFound:
            unknown = FieldError("author", "unknown", "There is no such user.")
            raise Invalid([unknown]) from None
        return self.blog.staff.add_post(by, author_id, new)

    async def update_model(self, request: Request, pk: str, data: dict[str, Any]) -> Any:
        form = forms.PostForm(_typed(data))
        await run_in_threadpool(form.edit, self.blog, caller(request), int(pk))
        return await self.standing(pk)

    def delete_models(
        self, by: Credentials, ids: Sequence[int], version: str | None = None
    ) -> None:
        if version is None:
            self.blog.staff.remove_posts(by, ids)
        else:
            forms.DeleteForm({"version": version}).delete(self.blog, by, ids[0])

    @action("publish", "Publish", "Publish these posts now?")
    async def publish(self, request: Request) -> Response:
        return await self.act(request, self.blog.staff.publish_posts)

    @action("unpublish", "Unpublish", "Make drafts of these posts?")
    async def unpublish(self, request: Request) -> Response:
        return await self.act(request, self.blog.staff.unpublish_posts)


def _typed(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: value or "" for name, value in data.items()}


class ActionAdmin(CoreView, model=ActionRow):
    """What staff did to anybody's posts and accounts, here and elsewhere."""

    name = "Action"
    name_plural = "History"
    icon = "fa-solid fa-clock-rotate-left"
    can_create = can_edit = can_delete = can_view_details = False
    column_list: ClassVar[Any] = ["at", "staff", "action", "kind", "name"]
    column_searchable_list: ClassVar[Any] = ["name", "staff"]
    column_default_sort = ("id", True)
    column_filters: ClassVar[Any] = [
        StaticValuesFilter(Action.kind, [("user", "Users"), ("post", "Posts")], "Of")
    ]
    column_labels: ClassVar[Any] = {
        "at": "At",
        "staff": "Who",
        "action": "Did",
        "kind": "To",
        "name": "Name",
    }

    def search_query(self, stmt: Select[Any], term: str) -> Select[Any]:
        found = (column.icontains(term, autoescape=True) for column in (Action.name, Action.staff))
        return stmt.where(or_(*found))


# SQLAdmin would name them after the models' classes.
_IDENTITIES: dict[Any, str] = {UserRow: "users", PostRow: "posts", ActionRow: "history"}
for _view in (UserAdmin, PostAdmin, ActionAdmin):
    _view.identity = _IDENTITIES[_view.model]

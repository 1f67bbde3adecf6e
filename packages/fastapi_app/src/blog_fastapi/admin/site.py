"""The admin as an application: who comes in, and what SQLAdmin would do in its own way."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import MethodType
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from sqladmin import Admin, BaseView, ModelView
from sqladmin.authentication import AuthenticationBackend, login_required
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from wtforms import Form

from blog_core.blog import Blog
from blog_core.domain.errors import BlogError, NotAuthenticated, NotFound, Stale
from blog_core.http import problems, static
from blog_core.schemas import Credentials
from blog_core.storage.repositories import SqlStorage
from blog_fastapi.admin import NATIVE
from blog_fastapi.admin.forms import show_conflict, show_refusal
from blog_fastapi.admin.views import (
    ActionAdmin,
    CoreView,
    PostAdmin,
    UserAdmin,
    caller,
)
from blog_fastapi.errors import refused

_UNUSED = frozenset(("export", "file_download", "file_preview", "import", "statics"))


class ReadingSession(Session):
    """Reads only: what is to change goes through the use cases."""


@event.listens_for(ReadingSession, "before_flush")
def _refuse(session: Session, *_: object) -> None:
    raise RuntimeError("the admin only reads by SQLAlchemy: write by the use cases")


class StaffOnly(AuthenticationBackend):
    """Lets in whom the site's session, or a token, names as staff. Raises BlogError."""

    def __init__(self, blog: Blog) -> None:
        self.middlewares = []  # there is no second session
        self._blog = blog

    async def authenticate(self, request: Request) -> bool:
        await run_in_threadpool(self._blog.staff.member, caller(request))
        return True


class Statics(StaticFiles):
    """Files that a browser keeps as long as the site's own."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = static.CACHING
        return response


class OwnScheme:
    """Addresses begin as the site is reached, whatever the proxy in front speaks."""

    def __init__(self, app: ASGIApp, scheme: str) -> None:
        self._app, self._scheme = app, scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "scheme": self._scheme}, receive, send)


class BlogAdmin(Admin):
    """The admin, mounted under `/admin/`. It expects the front before it, against other sites."""

    def __init__(self, app: Starlette, blog: Blog, *, https: bool) -> None:
        storage = blog.storage
        assert isinstance(storage, SqlStorage)  # noqa: S101 # the rows are its tables
        super().__init__(
            app,
            session_maker=sessionmaker(storage.reader, class_=ReadingSession),
            title="Blog",
            favicon_url=static.url("icon.svg"),
            templates_dir=str(Path(__file__).parent / "templates"),
            authentication_backend=StaffOnly(blog),
            middlewares=[Middleware(OwnScheme, scheme="https")] if https else [],
        )
        self.blog = blog
        files = Statics(packages=["sqladmin", ("blog_fastapi.admin", "static")])
        self.admin.router.routes = [
            Mount("/statics", files, name="statics"),
            *(route for route in self.admin.router.routes if route.name not in _UNUSED),  # type: ignore[attr-defined] # all have one
        ]
        self.admin.add_exception_handler(BlogError, _refused)
        for view in (UserAdmin, PostAdmin, ActionAdmin):
            self.add_view(view)
        app.add_route("/admin", _to_index)

    def add_model_view(self, view: type[ModelView]) -> None:
        # SQLAdmin writes into the class whose admin it is: one for each application.
        super().add_model_view(type(view.__name__, (view,), {}))

    def _handle_action_decorated_func(
        self, func: MethodType, view: type[BaseView], view_instance: BaseView
    ) -> None:
        super()._handle_action_decorated_func(func, view, view_instance)
        if hasattr(func, "_action"):
            # SQLAdmin would act on GET.
            self.admin.router.routes[-1].methods = {"POST"}  # type: ignore[attr-defined] # it has

    # --- coming and going ------------------------------------------------------------------------

    async def login(self, request: Request) -> Response:
        """Where the site's own sign-in is."""
        return RedirectResponse(problems.login_path(NATIVE.prefix), 303)

    @login_required
    async def logout(self, request: Request) -> Response:
        """Ask: it is a link that leads here, and the site's own form that signs out."""
        return await self.templates.TemplateResponse(request, "blog/logout.html")

    # --- writing ---------------------------------------------------------------------------------

    @login_required
    async def create(self, request: Request) -> Response:
        await self._create(request)
        view = self._view(request)
        kind = await view.scaffold_form(view._form_create_rules)
        context = {"model_view": view}
        if request.method == "GET":
            return await self._show(request, view.create_template, context, kind())
        form = kind(await _typed(request))
        return await self._write(
            request,
            view.create_template,
            context,
            form,
            lambda: view.insert_model(request, form.data),
        )

    @login_required
    async def edit(self, request: Request) -> Response:
        await self._edit(request)
        view, pk = self._view(request), request.path_params["pk"]
        row = await view.standing(pk)
        kind = await view.scaffold_form(view._form_edit_rules)
        context = {"model_view": view, "obj": row}
        if request.method == "GET":
            form = kind(data=await view.get_form_data_for_edit(row))
            return await self._show(request, view.edit_template, context, form)
        form = kind(await _typed(request))
        return await self._write(
            request,
            view.edit_template,
            context,
            form,
            lambda: view.update_model(request, pk, form.data),
        )

    @login_required
    async def delete(self, request: Request) -> Response:
        """Delete all of `pks` or none; SQLAdmin's script goes on to the address that it answers.

        The link of a single row says the version that it was made from.
        """
        view = self._view(request)
        if not view.can_delete:
            return Response(status_code=403)
        version = request.query_params.get("version")

        def remove(by: Credentials, ids: Sequence[int]) -> None:
            if version is not None and len(ids) != 1:
                raise NotFound
            view.delete_models(by, ids, version)

        return PlainTextResponse(str(await view.done(request, remove)))

    def _view(self, request: Request) -> CoreView:
        view: Any = self._find_model_view(request.path_params["identity"])
        found: CoreView = view
        return found

    async def _show(
        self,
        request: Request,
        template: str,
        context: dict[str, Any],
        form: Form,
        status: int = 200,
    ) -> Response:
        return await self.templates.TemplateResponse(
            request, template, {**context, "form": form}, status
        )

    async def _write(
        self,
        request: Request,
        template: str,
        context: dict[str, Any],
        form: Form,
        write: Callable[[], Awaitable[Any]],
    ) -> Response:
        """Write what was typed; where the core refuses, show it again and why."""
        view: CoreView = context["model_view"]
        try:
            written = await write()
        except NotAuthenticated:
            raise
        except Stale:
            row = await view.standing(request.path_params["pk"])
            standing = await view.get_form_data_for_edit(row)
            context["standing"] = show_conflict(form, standing)
            return await self._show(request, template, context, form, 409)
        except BlogError as refusal:
            context["error"] = show_refusal(form, refusal)
            return await self._show(request, template, context, form, problems.of(refusal).status)
        url = self.get_save_redirect_url(request, await request.form(), view, written)
        return RedirectResponse(url, 303)


async def _typed(request: Request) -> FormData:
    """The form without files; its lines end in LF, whatever the browser sends."""
    sent = await request.form()
    await sent.close()
    return FormData(
        [
            (name, value.replace("\r\n", "\n").replace("\r", "\n"))
            for name, value in sent.multi_items()
            if isinstance(value, str)
        ]
    )


async def _to_index(request: Request) -> Response:
    return RedirectResponse(NATIVE.prefix, 303)


async def _refused(request: Request, error: Exception) -> Response:
    if request.method == "DELETE" and isinstance(error, NotAuthenticated):
        # A script asks, which would read the page to sign in on as an address.
        return PlainTextResponse(problems.login_path(NATIVE.prefix))
    return await refused(request, error)

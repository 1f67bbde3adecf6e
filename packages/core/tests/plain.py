"""The pages without a framework: what an adapter's views do, in their shortest form.

The tests of what stands on the pages, and how forms answer, ask it through the front.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blog_core.blog import Blog
from blog_core.domain.errors import BlogError
from blog_core.http import cookies, feed, forms, pages, problems, requests
from blog_core.http.front import Front
from blog_core.http.operations import OPERATIONS, PAGES
from blog_core.http.rendering import Page, render
from blog_core.http.replies import Reply, arrived, see_other
from blog_core.http.requests import ASKED, Asked
from blog_core.http.wsgi import FrontMiddleware
from blog_core.schemas import ANYBODY, Credentials, PostQuery
from blog_core.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Request:
    """One request for a page: who asks, the form that was sent, and what the path names."""

    def __init__(self, blog: Blog, environ: "WSGIEnvironment") -> None:
        self.blog = blog
        asked: Asked = environ[ASKED]
        self.operation = asked.operation
        self.query_string = asked.query
        self.pending = asked.pending
        self.name = environ["PATH_INFO"].split("/")[2] if "{" in self.operation.path else ""
        self.fields = forms.fields(environ["wsgi.input"].read())
        seen = blog.visitor(asked.credentials)
        self.caller, self.visitor = seen.credentials, seen.user
        if self.operation.credentials == "needed":
            blog.get_me(self.caller)

    @property
    def id(self) -> int:
        return int(self.name)

    def query(self, schema: type[Any]) -> Any:
        return requests.query(schema, self.query_string)

    def post(self) -> Any:
        return self.blog.get_post(self.caller, self.id)


def show_home(request: Request) -> Page:
    query = request.query(forms.PostsQuery)
    return pages.home(
        request.visitor, query, request.blog.list_posts(request.caller, query.wanted())
    )


def show_post(request: Request) -> Page:
    return pages.post(request.visitor, request.post())


def show_author(request: Request) -> Page:
    query = request.query(forms.CursorQuery)
    user = request.blog.get_user(request.caller, request.name)
    found = request.blog.list_posts(request.caller, query.posts(author=user.username))
    return pages.author(request.visitor, user, found)


def show_register(request: Request) -> Page:
    return pages.register(request.visitor)


def register(request: Request) -> Reply:
    form = forms.Register(request.fields)
    with form.or_again(lambda: pages.register(request.visitor, form)):
        request.blog.sign_up(form.new_user(), form.key)
    return see_other("/", [_cookie(request.blog, request.caller, form)])


def show_login(request: Request) -> Page:
    form = forms.Login({"next": request.query(forms.LoginQuery).next or ""})
    return pages.login(request.visitor, form, request.blog.openid.providers)


def login(request: Request) -> Reply:
    form = forms.Login(request.fields)
    with form.or_again(lambda: pages.login(request.visitor, form)):
        cookie = _cookie(request.blog, request.caller, form)
    return see_other(form.next, [cookie])


def _cookie(blog: Blog, caller: Credentials, form: forms.Login | forms.Register) -> tuple[str, str]:
    return cookies.opened(blog.open_session(caller, form.sign_in()))


def logout(request: Request) -> Reply:
    request.blog.close_session(request.caller)
    return see_other("/")


def return_from_openid(request: Request) -> Reply:
    form = forms.ReturnForm(request.query(forms.ReturnQuery))
    with form.or_again(lambda: pages.refused(request.visitor, form)):
        arrival = request.blog.return_from_openid(
            request.caller, request.name, request.pending, form.answer, "Tests"
        )
    return arrived(arrival)


def begin_openid(request: Request) -> Page:
    form = forms.Login(request.fields)
    providers = request.blog.openid.providers
    with form.or_again(lambda: pages.login(request.visitor, form, providers)):
        handover = request.blog.begin_openid(request.caller, request.name, form.next)
    return pages.leave(request.visitor, handover)


def show_openid(request: Request) -> Page:
    form = forms.FinishForm()
    with form.or_again(lambda: pages.refused(request.visitor, form)):
        form.begin(request.blog, request.caller, request.pending)
    return pages.finish(request.visitor, form)


def finish_openid(request: Request) -> Reply:
    form = forms.FinishForm(request.fields)
    with form.or_again(lambda: pages.finish(request.visitor, form)):
        form.finish(request.blog, request.caller, request.pending, "Tests")
    return see_other(form.location, form.cookies)


def show_write(request: Request) -> Page:
    return pages.write(request.visitor)


def write(request: Request) -> Reply:
    form = forms.PostForm(request.fields)
    with form.or_again(lambda: pages.write(request.visitor, form)):
        post = form.write(request.blog, request.caller)
    return see_other(f"/posts/{post.id}")


def show_edit(request: Request) -> Page:
    form = forms.PostForm.of(request.post(), request.visitor)
    return pages.edit(request.visitor, request.id, form)


def edit(request: Request) -> Reply:
    form = forms.PostForm(request.fields)
    with form.or_again(lambda: pages.edit(request.visitor, request.id, form)):
        form.edit(request.blog, request.caller, request.id)
    return see_other(f"/posts/{request.id}")


def show_delete(request: Request) -> Page:
    form = forms.DeleteForm.of(request.post(), request.visitor)
    return pages.delete(request.visitor, form)


def delete(request: Request) -> Reply:
    form = forms.DeleteForm(request.fields)
    with form.or_again(lambda: pages.delete(request.visitor, form)):
        form.delete(request.blog, request.caller, request.id)
    return see_other("/")


def show_drafts(request: Request) -> Page:
    query = request.query(forms.CursorQuery)
    scheduled = PostQuery(status="scheduled", order="oldest", limit=pages.MOST_SHOWN)
    return pages.drafts(
        request.visitor,
        request.blog.list_posts(request.caller, scheduled).results,
        request.blog.list_posts(request.caller, query.posts(status="draft")),
    )


def show_settings(request: Request) -> Page:
    done = request.query(forms.SettingsQuery).done
    return pages.settings(pages.Account.of(request.blog, request.caller), done=done)


def change_settings(request: Request) -> Reply:
    form = forms.settings_form(request.fields)
    blog, caller = request.blog, request.caller
    with form.or_again(lambda: pages.settings(pages.Account.of(blog, caller), form)):
        form.apply(blog, caller)
    return see_other(form.location)


def show_feed(request: Request) -> Reply:
    return feed.atom(request.blog.list_posts(ANYBODY, feed.NEWEST).results, "blog.example")


VIEWS: dict[str, Callable[[Request], Page | Reply]] = {
    view.__name__: view
    for view in (
        *(show_home, show_post, show_author, show_register, register, show_login, login, logout),
        *(return_from_openid, begin_openid, show_openid, finish_openid),
        *(show_write, write, show_edit, edit, show_delete, delete, show_drafts, show_settings),
        *(change_settings, show_feed),
    )
}


def plain(blog: Blog, settings: Settings | None = None) -> FrontMiddleware:
    """A WSGI application of the pages, behind the front."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        reply = answer(environ)
        start_response(f"{reply.status} ", list(reply.headers))
        return [reply.body]

    def answer(environ: "WSGIEnvironment") -> Reply:
        try:
            found = VIEWS[environ[ASKED].operation.name](Request(blog, environ))
        except forms.Again as again:
            found = again.page
        except BlogError as error:
            return problems.of(error)
        return render(found) if isinstance(found, Page) else found

    return FrontMiddleware(application, Front(settings or Settings(), (*OPERATIONS, *PAGES)))

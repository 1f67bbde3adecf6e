"""The pages for people, and the feed."""

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response import Template

from blog_core.http import cookies, feed, forms, pages, replies
from blog_core.schemas import ANYBODY
from blog_litestar.errors import Sent, render, send
from blog_litestar.session import (
    Fields,
    HomeAsked,
    ListAsked,
    LoginAsked,
    ReturnAsked,
    SettingsAsked,
    Visiting,
    admit,
)


@get("/", sync_to_thread=True)
def show_home(visit: Visiting, home_asked: HomeAsked) -> Template:
    found = visit.blog.list_posts(visit.caller, home_asked.wanted())
    return render(pages.home(visit.visitor, home_asked, found))


@get("/posts/{post_id:int}", sync_to_thread=True)
def show_post(visit: Visiting, post_id: FromPath[int]) -> Template:
    return render(pages.post(visit.visitor, visit.blog.get_post(visit.caller, post_id)))


@get("/users/{username:str}", sync_to_thread=True)
def show_author(visit: Visiting, username: FromPath[str], list_asked: ListAsked) -> Template:
    user = visit.blog.get_user(visit.caller, username)
    found = visit.blog.list_posts(visit.caller, list_asked.posts(author=user.username))
    return render(pages.author(visit.visitor, user, found))


@get("/register", sync_to_thread=True)
def show_register(visit: Visiting) -> Template:
    return render(pages.register(visit.visitor))


@post("/register", sync_to_thread=True)
def register(visit: Visiting, fields: Fields) -> Sent:
    form = forms.Register(fields)
    with form.or_again(lambda: pages.register(visit.visitor, form)):
        visit.blog.sign_up(form.new_user(), form.key)
        session = visit.blog.open_session(visit.caller, form.sign_in(), visit.browser)
    return send(replies.see_other("/", [cookies.opened(session)]))


@get("/login", sync_to_thread=True)
def show_login(visit: Visiting, login_asked: LoginAsked) -> Template:
    form = forms.Login.of(login_asked)
    return render(pages.login(visit.visitor, form, visit.providers))


@post("/login", sync_to_thread=True)
def login(visit: Visiting, fields: Fields) -> Sent:
    form = forms.Login(fields)
    with form.or_again(lambda: pages.login(visit.visitor, form, visit.providers)):
        session = visit.blog.open_session(visit.caller, form.sign_in(), visit.browser)
    return send(replies.see_other(form.next, [cookies.opened(session)]))


@post("/logout", sync_to_thread=True)
def logout(visit: Visiting) -> Sent:
    visit.blog.close_session(visit.caller)
    return send(replies.see_other("/", [cookies.CLEARED]))


@get("/openid/{provider:str}", sync_to_thread=True)
def return_from_openid(visit: Visiting, provider: FromPath[str], return_asked: ReturnAsked) -> Sent:
    form, pending = forms.ReturnForm(return_asked), visit.pending
    with form.or_again(lambda: pages.refused(visit.visitor, form)):
        arrival = visit.blog.return_from_openid(
            visit.caller, provider, pending, form.answer, visit.browser
        )
    return send(replies.arrived(arrival))


@post("/openid/{provider:str}", sync_to_thread=True)
def begin_openid(visit: Visiting, provider: FromPath[str], fields: Fields) -> Template:
    form = forms.Login(fields)
    with form.or_again(lambda: pages.login(visit.visitor, form, visit.providers)):
        handover = visit.blog.begin_openid(visit.caller, provider, form.next)
    return render(pages.leave(visit.visitor, handover))


@get("/openid", sync_to_thread=True)
def show_openid(visit: Visiting) -> Template:
    form = forms.FinishForm()
    with form.or_again(lambda: pages.refused(visit.visitor, form)):
        form.begin(visit.blog, visit.caller, visit.pending)
    return render(pages.finish(visit.visitor, form))


@post("/openid", sync_to_thread=True)
def finish_openid(visit: Visiting, fields: Fields) -> Sent:
    form = forms.FinishForm(fields)
    with form.or_again(lambda: pages.finish(visit.visitor, form)):
        form.finish(visit.blog, visit.caller, visit.pending, visit.browser)
    return send(replies.see_other(form.location, form.cookies))


@get("/write", sync_to_thread=True)
def show_write(visit: Visiting) -> Template:
    return render(pages.write(visit.visitor))


@post("/write", sync_to_thread=True)
def write(visit: Visiting, fields: Fields) -> Sent:
    form = forms.PostForm(fields)
    with form.or_again(lambda: pages.write(visit.visitor, form)):
        made = form.write(visit.blog, visit.caller)
    return send(replies.see_other(f"/posts/{made.id}"))


@get("/posts/{post_id:int}/edit", sync_to_thread=True)
def show_edit(visit: Visiting, post_id: FromPath[int]) -> Template:
    form = forms.PostForm.of(visit.blog.get_post(visit.caller, post_id), visit.visitor)
    return render(pages.edit(visit.visitor, post_id, form))


@post("/posts/{post_id:int}/edit", sync_to_thread=True)
def edit(visit: Visiting, post_id: FromPath[int], fields: Fields) -> Sent:
    form = forms.PostForm(fields)
    with form.or_again(lambda: pages.edit(visit.visitor, post_id, form)):
        form.edit(visit.blog, visit.caller, post_id)
    return send(replies.see_other(f"/posts/{post_id}"))


@get("/posts/{post_id:int}/delete", sync_to_thread=True)
def show_delete(visit: Visiting, post_id: FromPath[int]) -> Template:
    form = forms.DeleteForm.of(visit.blog.get_post(visit.caller, post_id), visit.visitor)
    return render(pages.delete(visit.visitor, form))


@post("/posts/{post_id:int}/delete", sync_to_thread=True)
def delete(visit: Visiting, post_id: FromPath[int], fields: Fields) -> Sent:
    form = forms.DeleteForm(fields)
    with form.or_again(lambda: pages.delete(visit.visitor, form)):
        form.delete(visit.blog, visit.caller, post_id)
    return send(replies.see_other("/"))


@get("/drafts", sync_to_thread=True)
def show_drafts(visit: Visiting, list_asked: ListAsked) -> Template:
    scheduled = visit.blog.list_posts(visit.caller, pages.SCHEDULED)
    drafts = visit.blog.list_posts(visit.caller, list_asked.posts(status="draft"))
    return render(pages.drafts(visit.visitor, scheduled.results, drafts))


@get("/settings", sync_to_thread=True)
def show_settings(visit: Visiting, settings_asked: SettingsAsked) -> Template:
    account = pages.Account.of(visit.blog, visit.caller)
    return render(pages.settings(account, done=settings_asked.done))


@post("/settings", sync_to_thread=True)
def change_settings(visit: Visiting, fields: Fields) -> Sent:
    form = forms.settings_form(fields)
    with form.or_again(lambda: pages.settings(pages.Account.of(visit.blog, visit.caller), form)):
        form.apply(visit.blog, visit.caller)
    return send(replies.see_other(form.location, form.cookies))


@get("/feed.atom", sync_to_thread=True)
def show_feed(visit: Visiting) -> Sent:
    posts = visit.blog.list_posts(ANYBODY, feed.NEWEST).results
    return send(feed.atom(posts, visit.host))


site = Router(
    "/",
    guards=[admit],
    include_in_schema=False,
    route_handlers=[
        show_home,
        show_post,
        show_author,
        show_register,
        register,
        show_login,
        login,
        logout,
        return_from_openid,
        begin_openid,
        show_openid,
        finish_openid,
        show_write,
        write,
        show_edit,
        edit,
        show_delete,
        delete,
        show_drafts,
        show_settings,
        change_settings,
        show_feed,
    ],
)

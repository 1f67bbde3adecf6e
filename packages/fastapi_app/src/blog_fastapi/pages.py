"""The pages for people, and the feed."""

from fastapi import APIRouter, Request, Response

from blog_core.http import cookies, feed, forms, pages, replies
from blog_core.schemas import ANYBODY
from blog_fastapi.errors import render, send
from blog_fastapi.session import (
    Browser,
    Fields,
    HomeAsked,
    ListAsked,
    LoginAsked,
    OperationRoute,
    ReturnAsked,
    SettingsAsked,
    Visiting,
)

site = APIRouter(route_class=OperationRoute, include_in_schema=False)


@site.get("/")
def show_home(request: Request, visit: Visiting, query: HomeAsked) -> Response:
    found = visit.blog.list_posts(visit.caller, query.wanted())
    return render(request, pages.home(visit.visitor, query, found))


@site.get("/posts/{post_id}")
def show_post(request: Request, visit: Visiting, post_id: int) -> Response:
    return render(request, pages.post(visit.visitor, visit.blog.get_post(visit.caller, post_id)))


@site.get("/users/{username}")
def show_author(request: Request, visit: Visiting, username: str, query: ListAsked) -> Response:
    user = visit.blog.get_user(visit.caller, username)
    found = visit.blog.list_posts(visit.caller, query.posts(author=user.username))
    return render(request, pages.author(visit.visitor, user, found))


@site.get("/register")
def show_register(request: Request, visit: Visiting) -> Response:
    return render(request, pages.register(visit.visitor))


@site.post("/register")
def register(visit: Visiting, fields: Fields, browser: Browser) -> Response:
    form = forms.Register(fields)
    with form.or_again(lambda: pages.register(visit.visitor, form)):
        visit.blog.sign_up(form.new_user(), form.key)
        session = visit.blog.open_session(visit.caller, form.sign_in(), browser)
    return send(replies.see_other("/", [cookies.opened(session)]))


@site.get("/login")
def show_login(request: Request, visit: Visiting, query: LoginAsked) -> Response:
    form = forms.Login.of(query)
    return render(request, pages.login(visit.visitor, form, visit.providers))


@site.post("/login")
def login(visit: Visiting, fields: Fields, browser: Browser) -> Response:
    form = forms.Login(fields)
    with form.or_again(lambda: pages.login(visit.visitor, form, visit.providers)):
        session = visit.blog.open_session(visit.caller, form.sign_in(), browser)
    return send(replies.see_other(form.next, [cookies.opened(session)]))


@site.post("/logout")
def logout(visit: Visiting) -> Response:
    visit.blog.close_session(visit.caller)
    return send(replies.see_other("/", [cookies.CLEARED]))


@site.get("/openid/{provider}")
def return_from_openid(
    visit: Visiting, provider: str, query: ReturnAsked, browser: Browser
) -> Response:
    form, pending = forms.ReturnForm(query), visit.pending
    with form.or_again(lambda: pages.refused(visit.visitor, form)):
        arrival = visit.blog.return_from_openid(
            visit.caller, provider, pending, form.answer, browser
        )
    return send(replies.arrived(arrival))


@site.post("/openid/{provider}")
def begin_openid(request: Request, visit: Visiting, provider: str, fields: Fields) -> Response:
    form = forms.Login(fields)
    with form.or_again(lambda: pages.login(visit.visitor, form, visit.providers)):
        handover = visit.blog.begin_openid(visit.caller, provider, form.next)
    return render(request, pages.leave(visit.visitor, handover))


@site.get("/openid")
def show_openid(request: Request, visit: Visiting) -> Response:
    form = forms.FinishForm()
    with form.or_again(lambda: pages.refused(visit.visitor, form)):
        form.begin(visit.blog, visit.caller, visit.pending)
    return render(request, pages.finish(visit.visitor, form))


@site.post("/openid")
def finish_openid(visit: Visiting, fields: Fields, browser: Browser) -> Response:
    form = forms.FinishForm(fields)
    with form.or_again(lambda: pages.finish(visit.visitor, form)):
        form.finish(visit.blog, visit.caller, visit.pending, browser)
    return send(replies.see_other(form.location, form.cookies))


@site.get("/write")
def show_write(request: Request, visit: Visiting) -> Response:
    return render(request, pages.write(visit.visitor))


@site.post("/write")
def write(visit: Visiting, fields: Fields) -> Response:
    form = forms.PostForm(fields)
    with form.or_again(lambda: pages.write(visit.visitor, form)):
        post = form.write(visit.blog, visit.caller)
    return send(replies.see_other(f"/posts/{post.id}"))


@site.get("/posts/{post_id}/edit")
def show_edit(request: Request, visit: Visiting, post_id: int) -> Response:
    form = forms.PostForm.of(visit.blog.get_post(visit.caller, post_id), visit.visitor)
    return render(request, pages.edit(visit.visitor, post_id, form))


@site.post("/posts/{post_id}/edit")
def edit(visit: Visiting, post_id: int, fields: Fields) -> Response:
    form = forms.PostForm(fields)
    with form.or_again(lambda: pages.edit(visit.visitor, post_id, form)):
        form.edit(visit.blog, visit.caller, post_id)
    return send(replies.see_other(f"/posts/{post_id}"))


@site.get("/posts/{post_id}/delete")
def show_delete(request: Request, visit: Visiting, post_id: int) -> Response:
    form = forms.DeleteForm.of(visit.blog.get_post(visit.caller, post_id), visit.visitor)
    return render(request, pages.delete(visit.visitor, form))


@site.post("/posts/{post_id}/delete")
def delete(visit: Visiting, post_id: int, fields: Fields) -> Response:
    form = forms.DeleteForm(fields)
    with form.or_again(lambda: pages.delete(visit.visitor, form)):
        form.delete(visit.blog, visit.caller, post_id)
    return send(replies.see_other("/"))


@site.get("/drafts")
def show_drafts(request: Request, visit: Visiting, query: ListAsked) -> Response:
    scheduled = visit.blog.list_posts(visit.caller, pages.SCHEDULED)
    drafts = visit.blog.list_posts(visit.caller, query.posts(status="draft"))
    return render(request, pages.drafts(visit.visitor, scheduled.results, drafts))


@site.get("/settings")
def show_settings(request: Request, visit: Visiting, query: SettingsAsked) -> Response:
    account = pages.Account.of(visit.blog, visit.caller)
    return render(request, pages.settings(account, done=query.done))


@site.post("/settings")
def change_settings(visit: Visiting, fields: Fields) -> Response:
    form = forms.settings_form(fields)
    with form.or_again(lambda: pages.settings(pages.Account.of(visit.blog, visit.caller), form)):
        form.apply(visit.blog, visit.caller)
    return send(replies.see_other(form.location, form.cookies))


@site.get("/feed.atom")
def show_feed(visit: Visiting) -> Response:
    posts = visit.blog.list_posts(ANYBODY, feed.NEWEST).results
    return send(feed.atom(posts, visit.host))

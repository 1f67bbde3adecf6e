"""The pages for people, and the feed."""

from flask import Blueprint, Response

from blog_core.http import cookies, feed, forms, pages, replies
from blog_core.schemas import ANYBODY
from blog_flask.errors import render, send
from blog_flask.session import (
    admit,
    blog,
    browser,
    caller,
    fields,
    host,
    pending,
    providers,
    query,
    throttle,
    visitor,
    welcome,
)

site = Blueprint("pages", __name__)

site.before_request(throttle)
site.before_request(admit)
site.before_request(welcome)


@site.get("/")
def show_home() -> Response:
    asked = query(forms.PostsQuery)
    return render(pages.home(visitor(), asked, blog().list_posts(caller(), asked.wanted())))


@site.get("/posts/<id:post_id>")
def show_post(post_id: int) -> Response:
    return render(pages.post(visitor(), blog().get_post(caller(), post_id)))


@site.get("/users/<username:username>")
def show_author(username: str) -> Response:
    asked = query(forms.CursorQuery)
    user = blog().get_user(caller(), username)
    found = blog().list_posts(caller(), asked.posts(author=user.username))
    return render(pages.author(visitor(), user, found))


@site.get("/register")
def show_register() -> Response:
    return render(pages.register(visitor()))


@site.post("/register")
def register() -> Response:
    form = forms.Register(fields())
    with form.or_again(lambda: pages.register(visitor(), form)):
        blog().sign_up(form.new_user(), form.key)
        session = blog().open_session(caller(), form.sign_in(), browser())
    return send(replies.see_other("/", [cookies.opened(session)]))


@site.get("/login")
def show_login() -> Response:
    form = forms.Login.of(query(forms.LoginQuery))
    return render(pages.login(visitor(), form, providers()))


@site.post("/login")
def login() -> Response:
    form = forms.Login(fields())
    with form.or_again(lambda: pages.login(visitor(), form, providers())):
        session = blog().open_session(caller(), form.sign_in(), browser())
    return send(replies.see_other(form.next, [cookies.opened(session)]))


@site.post("/logout")
def logout() -> Response:
    blog().close_session(caller())
    return send(replies.see_other("/", [cookies.CLEARED]))


@site.get("/openid/<provider:provider>")
def return_from_openid(provider: str) -> Response:
    form = forms.ReturnForm(query(forms.ReturnQuery))
    with form.or_again(lambda: pages.refused(visitor(), form)):
        arrival = blog().return_from_openid(caller(), provider, pending(), form.answer, browser())
    return send(replies.arrived(arrival))


@site.post("/openid/<provider:provider>")
def begin_openid(provider: str) -> Response:
    form = forms.Login(fields())
    with form.or_again(lambda: pages.login(visitor(), form, providers())):
        handover = blog().begin_openid(caller(), provider, form.next)
    return render(pages.leave(visitor(), handover))


@site.get("/openid")
def show_openid() -> Response:
    form = forms.FinishForm()
    with form.or_again(lambda: pages.refused(visitor(), form)):
        form.begin(blog(), caller(), pending())
    return render(pages.finish(visitor(), form))


@site.post("/openid")
def finish_openid() -> Response:
    form = forms.FinishForm(fields())
    with form.or_again(lambda: pages.finish(visitor(), form)):
        form.finish(blog(), caller(), pending(), browser())
    return send(replies.see_other(form.location, form.cookies))


@site.get("/write")
def show_write() -> Response:
    return render(pages.write(visitor()))


@site.post("/write")
def write() -> Response:
    form = forms.PostForm(fields())
    with form.or_again(lambda: pages.write(visitor(), form)):
        post = form.write(blog(), caller())
    return send(replies.see_other(f"/posts/{post.id}"))


@site.get("/posts/<id:post_id>/edit")
def show_edit(post_id: int) -> Response:
    form = forms.PostForm.of(blog().get_post(caller(), post_id), visitor())
    return render(pages.edit(visitor(), post_id, form))


@site.post("/posts/<id:post_id>/edit")
def edit(post_id: int) -> Response:
    form = forms.PostForm(fields())
    with form.or_again(lambda: pages.edit(visitor(), post_id, form)):
        form.edit(blog(), caller(), post_id)
    return send(replies.see_other(f"/posts/{post_id}"))


@site.get("/posts/<id:post_id>/delete")
def show_delete(post_id: int) -> Response:
    form = forms.DeleteForm.of(blog().get_post(caller(), post_id), visitor())
    return render(pages.delete(visitor(), form))


@site.post("/posts/<id:post_id>/delete")
def delete(post_id: int) -> Response:
    form = forms.DeleteForm(fields())
    with form.or_again(lambda: pages.delete(visitor(), form)):
        form.delete(blog(), caller(), post_id)
    return send(replies.see_other("/"))


@site.get("/drafts")
def show_drafts() -> Response:
    asked = query(forms.CursorQuery)
    scheduled = blog().list_posts(caller(), pages.SCHEDULED)
    drafts = blog().list_posts(caller(), asked.posts(status="draft"))
    return render(pages.drafts(visitor(), scheduled.results, drafts))


@site.get("/settings")
def show_settings() -> Response:
    asked = query(forms.SettingsQuery)
    return render(pages.settings(pages.Account.of(blog(), caller()), done=asked.done))


@site.post("/settings")
def change_settings() -> Response:
    form = forms.settings_form(fields())
    with form.or_again(lambda: pages.settings(pages.Account.of(blog(), caller()), form)):
        form.apply(blog(), caller())
    return send(replies.see_other(form.location, form.cookies))


@site.get("/feed.atom")
def show_feed() -> Response:
    return send(feed.atom(blog().list_posts(ANYBODY, feed.NEWEST).results, host()))

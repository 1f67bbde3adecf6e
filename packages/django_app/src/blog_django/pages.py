"""The pages, for people."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from blog_core.http import cookies, feed, forms, pages, replies
from blog_core.schemas import ANYBODY
from blog_django.errors import send
from blog_django.session import (
    PageRequest,
    blog,
    browser,
    fields,
    host,
    pending,
    providers,
    query,
)
from blog_django.views import PageView, page, render


@require_GET
@page
def show_home(request: PageRequest) -> HttpResponse:
    asked = query(request, forms.PostsQuery)
    found = blog().list_posts(request.caller, asked.wanted())
    return render(request, pages.home(request.visitor, asked, found))


@require_GET
@page
def show_post(request: PageRequest, post_id: int) -> HttpResponse:
    post = blog().get_post(request.caller, post_id)
    return render(request, pages.post(request.visitor, post))


@require_GET
@page
def show_author(request: PageRequest, username: str) -> HttpResponse:
    asked = query(request, forms.CursorQuery)
    user = blog().get_user(request.caller, username)
    found = blog().list_posts(request.caller, asked.posts(author=user.username))
    return render(request, pages.author(request.visitor, user, found))


class RegisterView(PageView):
    def get(self, request: PageRequest) -> HttpResponse:
        return render(request, pages.register(request.visitor))

    def post(self, request: PageRequest) -> HttpResponse:
        form = forms.Register(fields(request))
        with form.or_again(lambda: pages.register(request.visitor, form)):
            blog().sign_up(form.new_user(), form.key)
        session = blog().open_session(request.caller, form.sign_in(), browser(request))
        return send(replies.see_other("/", [cookies.opened(session)]))


class LoginView(PageView):
    def get(self, request: PageRequest) -> HttpResponse:
        form = forms.Login.of(query(request, forms.LoginQuery))
        return render(request, pages.login(request.visitor, form, providers()))

    def post(self, request: PageRequest) -> HttpResponse:
        form = forms.Login(fields(request))
        with form.or_again(lambda: pages.login(request.visitor, form, providers())):
            session = blog().open_session(request.caller, form.sign_in(), browser(request))
        return send(replies.see_other(form.next, [cookies.opened(session)]))


@require_POST
@page
def logout(request: PageRequest) -> HttpResponse:
    blog().close_session(request.caller)
    return send(replies.see_other("/", [cookies.CLEARED]))


class ProviderView(PageView):
    def get(self, request: PageRequest, provider: str) -> HttpResponse:
        form, kept = forms.ReturnForm(query(request, forms.ReturnQuery)), pending(request)
        with form.or_again(lambda: pages.refused(request.visitor, form)):
            arrival = blog().return_from_openid(
                request.caller, provider, kept, form.answer, browser(request)
            )
        return send(replies.arrived(arrival))

    def post(self, request: PageRequest, provider: str) -> HttpResponse:
        form = forms.Login(fields(request))
        with form.or_again(lambda: pages.login(request.visitor, form, providers())):
            handover = blog().begin_openid(request.caller, provider, form.next)
        return render(request, pages.leave(request.visitor, handover))


class OpenIdView(PageView):
    def get(self, request: PageRequest) -> HttpResponse:
        form = forms.FinishForm()
        with form.or_again(lambda: pages.refused(request.visitor, form)):
            form.begin(blog(), request.caller, pending(request))
        return render(request, pages.finish(request.visitor, form))

    def post(self, request: PageRequest) -> HttpResponse:
        form = forms.FinishForm(fields(request))
        with form.or_again(lambda: pages.finish(request.visitor, form)):
            form.finish(blog(), request.caller, pending(request), browser(request))
        return send(replies.see_other(form.location, form.cookies))


class WriteView(PageView):
    def get(self, request: PageRequest) -> HttpResponse:
        return render(request, pages.write(request.visitor))

    def post(self, request: PageRequest) -> HttpResponse:
        form = forms.PostForm(fields(request))
        with form.or_again(lambda: pages.write(request.visitor, form)):
            post = form.write(blog(), request.caller)
        return send(replies.see_other(f"/posts/{post.id}"))


class EditView(PageView):
    def get(self, request: PageRequest, post_id: int) -> HttpResponse:
        post = blog().get_post(request.caller, post_id)
        form = forms.PostForm.of(post, request.visitor)
        return render(request, pages.edit(request.visitor, post_id, form))

    def post(self, request: PageRequest, post_id: int) -> HttpResponse:
        form = forms.PostForm(fields(request))
        with form.or_again(lambda: pages.edit(request.visitor, post_id, form)):
            post = form.edit(blog(), request.caller, post_id)
        return send(replies.see_other(f"/posts/{post.id}"))


class DeleteView(PageView):
    def get(self, request: PageRequest, post_id: int) -> HttpResponse:
        post = blog().get_post(request.caller, post_id)
        form = forms.DeleteForm.of(post, request.visitor)
        return render(request, pages.delete(request.visitor, form))

    def post(self, request: PageRequest, post_id: int) -> HttpResponse:
        form = forms.DeleteForm(fields(request))
        with form.or_again(lambda: pages.delete(request.visitor, form)):
            form.delete(blog(), request.caller, post_id)
        return send(replies.see_other("/"))


@require_GET
@page
def show_drafts(request: PageRequest) -> HttpResponse:
    asked = query(request, forms.CursorQuery)
    scheduled = blog().list_posts(request.caller, pages.SCHEDULED)
    found = blog().list_posts(request.caller, asked.posts(status="draft"))
    return render(request, pages.drafts(request.visitor, scheduled.results, found))


class SettingsView(PageView):
    def get(self, request: PageRequest) -> HttpResponse:
        asked = query(request, forms.SettingsQuery)
        account = pages.Account.of(blog(), request.caller)
        return render(request, pages.settings(account, done=asked.done))

    def post(self, request: PageRequest) -> HttpResponse:
        form = forms.settings_form(fields(request))
        with form.or_again(lambda: pages.settings(pages.Account.of(blog(), request.caller), form)):
            form.apply(blog(), request.caller)
        return send(replies.see_other(form.location, form.cookies))


@require_GET
@page
def show_feed(request: PageRequest) -> HttpResponse:
    posts = blog().list_posts(ANYBODY, feed.NEWEST).results
    return send(feed.atom(posts, host()))

"""What is on each page: a template and what it shows, as plain data.

An adapter asks a use case, makes a page of the answer, and renders it in its framework's own way.
In Flask, for one:

    @pages.get("/posts/<id:post_id>")
    def show_post(post_id: int) -> Response:
        return render(page.post(visitor(), blog().get_post(caller(), post_id)))

    @pages.post("/write")
    def write() -> Response:
        form = forms.PostForm(fields())
        with form.or_again(lambda: page.write(visitor(), form)):
            post = form.write(blog(), caller())
        return send(replies.see_other(f"/posts/{post.id}"))

where `page` is this module and `render` a few lines; they also answer `forms.Again`, raised where a
form is refused, in the framework's hook for errors:

    def render(page: Page) -> Response:
        html = render_template(page.template, **page.context)
        return Response(html, page.status, [HTML, *page.headers])

The framework's Jinja environment is `environment()`: Flask returns it from
`create_jinja_environment`, Django names it in the options of its Jinja2 backend, Starlette's
`Jinja2Templates` takes it as `env`.

A failure needs nothing here: what `problems.of` answers, the front makes a page of outside the API,
and leads to `/login` whoever is not signed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from blog_core import schemas
from blog_core.blog import Blog
from blog_core.domain.errors import NotAuthenticated
from blog_core.http import cookies, forms
from blog_core.http.forms import Form, PostForm
from blog_core.http.rendering import Page, environment
from blog_core.http.requests import Asked
from blog_core.http.wording import Part, differences
from blog_core.schemas import ANYBODY, Credentials, OwnUser, Post, User

__all__ = ["Account", "Page", "environment"]

MOST_SHOWN = 100

SCHEDULED = schemas.PostQuery(status="scheduled", order="oldest", limit=MOST_SHOWN)
"""Of which posts `drafts` shows the ones that wait for their hour."""

Visitor = OwnUser | None
"""Who looks at a page; None for somebody who is not signed in."""

_DONE = {
    "profile": "Your name and email are saved.",
    "password": "Your password is changed. Everywhere else you are signed out.",
    "token": "The token is ended.",
    "session": "The session is ended.",
    "linked": "It is linked. From now on you can sign in with it.",
    "unlinked": "It is unlinked. Everywhere else you are signed out.",
}


def visitor(asked: Asked, blog: Blog) -> schemas.Visitor:
    """Who looks at a page that `requests.admit` has let through.

    Raises NotAuthenticated where the page is for those who are signed in, and this one is not, or
    not any more.
    """
    operation = asked.operation
    seen = blog.visitor(ANYBODY if operation.credentials == "unread" else asked.credentials)
    if operation.credentials == "needed" and seen.user is None:
        raise NotAuthenticated
    return seen


def home(visitor: Visitor, query: forms.PostsQuery, found: schemas.Page[Post]) -> Page:
    """The newest posts, or what a search found. `found` is of `query.wanted()`."""
    searched = query.searched
    return _page(
        "home.html",
        f"Search: {searched}" if searched else "Newest posts",
        visitor,
        "/",
        searched=searched,
        posts=found.results,
        **_beside("/", found, **({"q": searched} if searched else {})),
    )


def post(visitor: Visitor, found: Post) -> Page:
    """One post; who may change it is shown how."""
    may_change = forms.may_change(found, visitor)
    return _page("post.html", found.title, visitor, "", post=found, may_change=may_change)


def author(visitor: Visitor, user: User, found: schemas.Page[Post]) -> Page:
    """An author and what they published. `found` is of `query.posts(author=user.username)`."""
    path = f"/users/{user.username}"
    return _page(
        "author.html",
        user.username,
        visitor,
        path,
        user=user,
        posts=found.results,
        **_beside(path, found),
    )


def register(visitor: Visitor, form: forms.Register | None = None) -> Page:
    return _page("register.html", "Register", visitor, "/register", form=form or forms.Register())


def login(visitor: Visitor, form: forms.Login, providers: Sequence[schemas.Provider] = ()) -> Page:
    """Signing in: with a password, or with one of the providers."""
    return _page("login.html", "Sign in", visitor, "/login", form=form, providers=providers)


def leave(visitor: Visitor, handover: schemas.Handover) -> Page:
    """On the way to a provider.

    A page, not a redirect: browsers apply `form-action` to where a form's redirects lead.
    """
    title = f"Sign in with {handover.provider.title}"
    headers = [cookies.pending(handover.pending)]
    return replace(_page("leave.html", title, visitor, "", url=handover.url), headers=headers)


def refused(visitor: Visitor, form: Form) -> Page:
    """That signing in with a provider did not work, and why."""
    return _page("refused.html", "Signing in did not work", visitor, "", form=form)


def finish(visitor: Visitor, form: forms.FinishForm) -> Page:
    """What is left to do after coming back from a provider."""
    if form.proved is None:
        return refused(visitor, form)
    title = "Link your account" if form.proved.linking else "Choose a username"
    return _page("finish.html", title, visitor, "", form=form, proved=form.proved)


def write(visitor: Visitor, form: PostForm | None = None) -> Page:
    """A new post, with a preview where that was the button."""
    form = form or PostForm()
    return _page("write.html", "Write", visitor, "/write", form=form, published=False)


def edit(visitor: Visitor, post_id: int, form: PostForm) -> Page:
    """A post in its form; where it was changed meanwhile, both versions beside each other."""
    standing, conflict = form.standing, None
    if standing is not None:
        conflict = Conflict(
            standing=standing,
            title=differences(standing.title, form.values["title"]),
            content=differences(standing.content, form.values["content"]),
            typed_date=form.typed_date,
        )
    return _page(
        "edit.html",
        "Edit",
        visitor,
        "",
        post_id=post_id,
        form=form,
        conflict=conflict,
        published=form.published,
    )


def delete(visitor: Visitor, form: forms.DeleteForm) -> Page:
    """Whether to delete a post."""
    return _page("delete.html", "Delete this post?", visitor, "", form=form, post=form.post)


def drafts(visitor: Visitor, scheduled: Sequence[Post], found: schemas.Page[Post]) -> Page:
    """What the visitor wrote and nobody else sees yet. `found` is a page of drafts."""
    return _page(
        "drafts.html",
        "Drafts",
        visitor,
        "/drafts",
        scheduled=scheduled,
        posts=found.results,
        **_beside("/drafts", found),
    )


def settings(
    account: "Account", form: forms.SettingsForm | None = None, done: str | None = None
) -> Page:
    """Everything the visitor can set; `form` is the one that was sent, `done` what was done."""
    shown: dict[str, Form] = {
        "profile": forms.ProfileForm(
            {"username": account.user.username, "email": account.user.email}
        ),
        "password": forms.PasswordForm(),
        "first-password": forms.FirstPasswordForm(),
        "token": forms.TokenForm(),
        "unlink": forms.UnlinkForm(),
        "delete-account": forms.DeleteAccountForm(),
    }
    if form is not None:
        shown[form.action] = form
    return _page(
        "settings.html",
        "Settings",
        account.user,
        "/settings",
        forms=shown,
        sent=form.action if form else "",
        made=getattr(form, "made", None),
        tokens=account.tokens,
        sessions=account.sessions,
        ways=account.ways,
        done=_DONE.get(done or "", ""),
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What the settings show of a visitor."""

    user: OwnUser
    tokens: Sequence[schemas.Token]
    sessions: Sequence[schemas.Session]
    ways: schemas.WaysIn

    @classmethod
    def of(cls, blog: Blog, caller: Credentials) -> "Account":
        """Raises NotAuthenticated."""
        query = schemas.PageQuery(limit=MOST_SHOWN)
        return cls(
            blog.get_me(caller),
            blog.list_tokens(caller, query).results,
            blog.list_sessions(caller, query).results,
            blog.ways_in(caller),
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """A change made from a version that does not stand any more, against the one that does."""

    standing: Post
    title: Sequence[Part]
    content: Sequence[Part]
    typed_date: str

    @property
    def moves(self) -> bool:
        """Whether what was typed has another date of publication."""
        return self.typed_date != (self.standing.pub_date or "")


def _page(template: str, title: str, visitor: Visitor, here: str, **more: Any) -> Page:
    """`here` is the path of the page where the navigation has it."""
    return Page(template, {"title": title, "visitor": visitor, "here": here, **more})


def _beside(path: str, found: schemas.Page[Any], **kept: str) -> dict[str, str | None]:
    """The paths of the pages with newer and with older posts."""

    def at(cursor: str | None) -> str | None:
        return None if cursor is None else f"{path}?{urlencode({**kept, 'cursor': cursor})}"

    return {"older": at(found.next), "newer": at(found.previous)}

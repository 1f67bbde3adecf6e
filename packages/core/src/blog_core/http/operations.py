"""Every operation of the API and of the pages: the checklist each adapter is held against.

The front reads it too: it answers for paths and methods that are not here.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from blog_core import schemas
from blog_core.http import forms, oauth
from blog_core.ports import LimitName


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `{username}` in a path is a username, `{provider}` the name of a provider of
    sign-ins, any other parameter an id.

    `name` is the function's name in every adapter and the `operationId` of its document;
    `answer` is the schema of a success, which has the status `success`; `versioned` says that
    `If-Match` is needed, `keyed` that an `Idempotency-Key` is understood. `form` says that the body
    is a form's; that of a page has no `body`, because a form is read by the page that shows it.
    `refusal` is the schema in which the operation itself says 400, where that is no problem's.
    """

    name: str
    method: str
    path: str
    answer: Any = None
    success: int = 200
    credentials: Literal["unread", "optional", "needed"] = "needed"
    body: type[BaseModel] | None = None
    body_optional: bool = False
    query: type[BaseModel] | None = None
    versioned: bool = False
    keyed: bool = False
    forbids: bool = False
    form: bool = False
    refusal: Any = None
    native: "Native | None" = None

    @property
    def counts(self) -> LimitName | None:
        """The limit of its sender that a request counts to, before anything else of it is seen."""
        reads = self.method == "GET" and self.native is None
        return _COUNTS.get(self.name, "reads" if reads else None)

    @property
    def content_type(self) -> str:
        """What a body is when the application sees it."""
        return forms.MEDIA_TYPE if self.form else "application/json"


@dataclass(frozen=True, slots=True)
class Native:
    """Pages that a framework makes by itself, as an admin: everything under `prefix`.

    The front passes on their requests as they were sent, any method and body, and keeps what their
    answers say. What it refuses elsewhere it refuses here: unreadable requests, unknown hosts, and
    what comes from another site. `policy` is their `Content-Security-Policy`. `prefix` begins and
    ends with a slash; without the last one it is a page as well.
    """

    prefix: str
    policy: str

    def holds(self, path: str) -> bool:
        return path.startswith(self.prefix) or path == self.prefix[:-1]


_COUNTS: dict[str, LimitName | None] = {
    "sign_in": "sign-in-network",
    "grant_token": "sign-in-network",
    "login": "sign-in-network",
    "sign_up": "sign-up",
    "register": "sign-up",
    "begin_openid": "sign-in-network",
    "finish_openid": "sign-up",
    # Whoever watches over the machine asks often.
    "livez": None,
    "readyz": None,
    "openapi": None,
}

PostPage = schemas.Page[schemas.Post]
TokenPage = schemas.Page[schemas.Token]
UserPage = schemas.Page[schemas.User]

OPERATIONS = (
    Operation(
        "sign_up",
        "POST",
        "/api/users",
        schemas.OwnUser,
        201,
        credentials="unread",
        body=schemas.NewUser,
        keyed=True,
    ),
    Operation(
        "list_users",
        "GET",
        "/api/users",
        UserPage,
        credentials="optional",
        query=schemas.PageQuery,
    ),
    Operation("get_user", "GET", "/api/users/{username}", schemas.User, credentials="optional"),
    Operation("get_me", "GET", "/api/me", schemas.OwnUser),
    Operation("change_me", "PATCH", "/api/me", schemas.OwnUser, body=schemas.UserChanges),
    Operation("delete_me", "DELETE", "/api/me", success=204),
    Operation(
        "change_password",
        "POST",
        "/api/me/password",
        success=204,
        body=schemas.PasswordChange,
        forbids=True,
    ),
    Operation(
        "sign_in",
        "POST",
        "/api/tokens",
        schemas.NewToken,
        201,
        credentials="unread",
        body=schemas.SignIn,
        keyed=True,
    ),
    Operation("list_tokens", "GET", "/api/tokens", TokenPage, query=schemas.PageQuery),
    Operation("end_current_token", "DELETE", "/api/tokens/current", success=204),
    Operation("end_token", "DELETE", "/api/tokens/{token_id}", success=204),
    Operation(
        "grant_token",
        "POST",
        "/api/oauth/token",
        oauth.AccessToken,
        credentials="unread",
        body=oauth.PasswordGrant,
        form=True,
        refusal=oauth.GrantRefused,
    ),
    Operation(
        "list_posts",
        "GET",
        "/api/posts",
        PostPage,
        credentials="optional",
        query=schemas.PostQuery,
    ),
    Operation(
        "create_post", "POST", "/api/posts", schemas.Post, 201, body=schemas.NewPost, keyed=True
    ),
    Operation("get_post", "GET", "/api/posts/{post_id}", schemas.Post, credentials="optional"),
    Operation(
        "replace_post",
        "PUT",
        "/api/posts/{post_id}",
        schemas.Post,
        body=schemas.PostContent,
        versioned=True,
        forbids=True,
    ),
    Operation(
        "change_post",
        "PATCH",
        "/api/posts/{post_id}",
        schemas.Post,
        body=schemas.PostChanges,
        versioned=True,
        forbids=True,
    ),
    Operation(
        "delete_post",
        "DELETE",
        "/api/posts/{post_id}",
        success=204,
        versioned=True,
        forbids=True,
    ),
    Operation(
        "publish_post",
        "POST",
        "/api/posts/{post_id}/publish",
        schemas.Post,
        body=schemas.Publication,
        body_optional=True,
        versioned=True,
        forbids=True,
    ),
    Operation(
        "unpublish_post",
        "POST",
        "/api/posts/{post_id}/unpublish",
        schemas.Post,
        versioned=True,
        forbids=True,
    ),
    Operation("livez", "GET", "/livez", schemas.Health, credentials="unread"),
    Operation("readyz", "GET", "/readyz", schemas.Health, credentials="unread"),
    Operation("openapi", "GET", "/openapi.json", credentials="unread"),
)
PAGES = (
    Operation("show_home", "GET", "/", credentials="optional", query=forms.PostsQuery),
    Operation("show_post", "GET", "/posts/{post_id}", credentials="optional"),
    Operation(
        "show_author",
        "GET",
        "/users/{username}",
        credentials="optional",
        query=forms.CursorQuery,
    ),
    Operation("show_register", "GET", "/register", credentials="optional"),
    Operation("register", "POST", "/register", credentials="optional", form=True),
    Operation("show_login", "GET", "/login", credentials="optional", query=forms.LoginQuery),
    Operation("login", "POST", "/login", credentials="optional", form=True),
    Operation("logout", "POST", "/logout", credentials="optional", form=True),
    # The one GET that changes something: what it ends was begun by this browser.
    Operation(
        "return_from_openid",
        "GET",
        "/openid/{provider}",
        credentials="optional",
        query=forms.ReturnQuery,
    ),
    Operation("begin_openid", "POST", "/openid/{provider}", credentials="optional", form=True),
    Operation("show_openid", "GET", "/openid", credentials="optional"),
    Operation("finish_openid", "POST", "/openid", credentials="optional", form=True),
    Operation("show_write", "GET", "/write"),
    # Optional, so that whoever was signed out while writing gets back what was typed.
    Operation("write", "POST", "/write", credentials="optional", form=True),
    Operation("show_edit", "GET", "/posts/{post_id}/edit", forbids=True),
    Operation(
        "edit", "POST", "/posts/{post_id}/edit", credentials="optional", form=True, forbids=True
    ),
    Operation("show_delete", "GET", "/posts/{post_id}/delete", forbids=True),
    Operation("delete", "POST", "/posts/{post_id}/delete", form=True, forbids=True),
    Operation("show_drafts", "GET", "/drafts", query=forms.CursorQuery),
    Operation("show_settings", "GET", "/settings", query=forms.SettingsQuery),
    Operation("change_settings", "POST", "/settings", form=True),
    Operation("show_feed", "GET", "/feed.atom", credentials="unread"),
)
"""The pages for people, and the feed. `blog_core.http.pages` says what is on them."""

BY_NAME = {operation.name: operation for operation in OPERATIONS}

ID = "[1-9][0-9]{0,17}"
USERNAME = "[A-Za-z0-9_.-]{1,80}"
PROVIDER = "[a-z][a-z0-9]{0,19}"

"""The operations of the JSON API."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

from blog_core import schemas
from blog_core.http import documents, oauth, replies, requests
from blog_core.http.operations import PostPage, TokenPage, UserPage
from blog_fastapi.errors import described, send
from blog_fastapi.openapi import document
from blog_fastapi.session import Anyone, Fields, OperationRoute, PageAsked, PostsAsked, SignedIn

api = APIRouter(prefix="/api", route_class=OperationRoute)
machine = APIRouter(route_class=OperationRoute)

Id = Annotated[int, Path(json_schema_extra=documents.ID_SCHEMA)]
Username = Annotated[str, Path(json_schema_extra=documents.USERNAME_SCHEMA)]
Key = Annotated[str | None, Header(alias="Idempotency-Key")]
NOW = schemas.Publication()
IfMatch = Annotated[str | None, Header(alias="If-Match")]


@api.post("/users", response_model=schemas.OwnUser, **described("sign_up"))
def sign_up(session: Anyone, new: schemas.NewUser, key: Key = None) -> Response:
    return send(replies.created_user(session.blog.sign_up(new, key)))


@api.get("/users", response_model=UserPage, **described("list_users"))
def list_users(session: Anyone, query: PageAsked) -> Response:
    return send(replies.page(session.blog.list_users(session.caller, query), "/api/users", query))


@api.get("/users/{username}", response_model=schemas.User, **described("get_user"))
def get_user(session: Anyone, username: Username) -> Response:
    return send(replies.json(session.blog.get_user(session.caller, username)))


@api.get("/me", response_model=schemas.OwnUser, **described("get_me"))
def get_me(session: SignedIn) -> Response:
    return send(replies.json(session.blog.get_me(session.caller)))


@api.patch("/me", response_model=schemas.OwnUser, **described("change_me"))
def change_me(session: SignedIn, changes: schemas.UserChanges) -> Response:
    return send(replies.json(session.blog.change_me(session.caller, changes)))


@api.delete("/me", **described("delete_me"))
def delete_me(session: SignedIn) -> Response:
    session.blog.delete_me(session.caller)
    return send(replies.NO_CONTENT)


@api.post("/me/password", **described("change_password"))
def change_password(session: SignedIn, change: schemas.PasswordChange) -> Response:
    session.blog.change_password(session.caller, change)
    return send(replies.NO_CONTENT)


@api.post("/tokens", response_model=schemas.NewToken, **described("sign_in"))
def sign_in(session: Anyone, credentials: schemas.SignIn, key: Key = None) -> Response:
    return send(replies.created_token(session.blog.sign_in(credentials, key)))


@api.get("/tokens", response_model=TokenPage, **described("list_tokens"))
def list_tokens(session: SignedIn, query: PageAsked) -> Response:
    return send(replies.page(session.blog.list_tokens(session.caller, query), "/api/tokens", query))


@api.delete("/tokens/current", **described("end_current_token"))
def end_current_token(session: SignedIn) -> Response:
    session.blog.end_current_token(session.caller)
    return send(replies.NO_CONTENT)


@api.delete("/tokens/{token_id}", **described("end_token"))
def end_token(session: SignedIn, token_id: Id) -> Response:
    session.blog.end_token(session.caller, token_id)
    return send(replies.NO_CONTENT)


@api.post("/oauth/token", response_model=oauth.AccessToken, **described("grant_token"))
def grant_token(session: Anyone, fields: Fields) -> Response:
    with oauth.errors():
        granted = session.blog.sign_in(oauth.sign_in(fields))
    return send(oauth.granted(granted))


@api.get("/posts", response_model=PostPage, **described("list_posts"))
def list_posts(session: Anyone, query: PostsAsked) -> Response:
    return send(replies.page(session.blog.list_posts(session.caller, query), "/api/posts", query))


@api.post("/posts", response_model=schemas.Post, **described("create_post"))
def create_post(session: SignedIn, new: schemas.NewPost, key: Key = None) -> Response:
    return send(replies.created_post(session.blog.create_post(session.caller, new, key)))


@api.get("/posts/{post_id}", response_model=schemas.Post, **described("get_post"))
def get_post(session: Anyone, post_id: Id) -> Response:
    return send(replies.post(session.blog.get_post(session.caller, post_id)))


@api.put("/posts/{post_id}", response_model=schemas.Post, **described("replace_post"))
def replace_post(
    session: SignedIn,
    post_id: Id,
    content: schemas.PostContent,
    if_match: IfMatch = None,
) -> Response:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.replace_post(session.caller, post_id, content, expected)))


@api.patch("/posts/{post_id}", response_model=schemas.Post, **described("change_post"))
def change_post(
    session: SignedIn,
    post_id: Id,
    changes: schemas.PostChanges,
    if_match: IfMatch = None,
) -> Response:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.change_post(session.caller, post_id, changes, expected)))


@api.delete("/posts/{post_id}", **described("delete_post"))
def delete_post(session: SignedIn, post_id: Id, if_match: IfMatch = None) -> Response:
    session.blog.delete_post(session.caller, post_id, requests.expected(if_match))
    return send(replies.NO_CONTENT)


@api.post("/posts/{post_id}/publish", response_model=schemas.Post, **described("publish_post"))
def publish_post(
    session: SignedIn,
    post_id: Id,
    publication: schemas.Publication = NOW,
    if_match: IfMatch = None,
) -> Response:
    expected = requests.expected(if_match)
    return send(
        replies.post(session.blog.publish_post(session.caller, post_id, publication, expected))
    )


@api.post("/posts/{post_id}/unpublish", response_model=schemas.Post, **described("unpublish_post"))
def unpublish_post(session: SignedIn, post_id: Id, if_match: IfMatch = None) -> Response:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.unpublish_post(session.caller, post_id, expected)))


@machine.get("/livez", response_model=schemas.Health, **described("livez"))
async def livez() -> Response:
    return send(replies.json(schemas.Health()))


@machine.get("/readyz", response_model=schemas.Health, **described("readyz"))
def readyz(session: Anyone) -> Response:
    return send(replies.json(session.blog.check()))


@machine.get("/openapi.json", response_model=dict[str, Any], **described("openapi"))
async def openapi(request: Request) -> Response:
    return send(replies.document(document(request.app)))

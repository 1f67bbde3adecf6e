"""The operations of the JSON API."""

from typing import Annotated

from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath, HeaderParameter, JSONBody

from blog_core import schemas
from blog_core.http import oauth, replies, requests
from blog_litestar.errors import Asking, Sent, send
from blog_litestar.openapi import document
from blog_litestar.session import Anyone, Fields, PageAsked, PostsAsked, admit

Key = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]


@post("/users", operation_id="sign_up", sync_to_thread=True)
def sign_up(session: Anyone, data: JSONBody[schemas.NewUser], key: Key = None) -> Sent:
    return send(replies.created_user(session.blog.sign_up(data, key)))


@get("/users", operation_id="list_users", sync_to_thread=True)
def list_users(session: Anyone, page_asked: PageAsked) -> Sent:
    found = session.blog.list_users(session.caller, page_asked)
    return send(replies.page(found, "/api/users", page_asked))


@get("/users/{username:str}", operation_id="get_user", sync_to_thread=True)
def get_user(session: Anyone, username: FromPath[str]) -> Sent:
    return send(replies.json(session.blog.get_user(session.caller, username)))


@get("/me", operation_id="get_me", sync_to_thread=True)
def get_me(session: Anyone) -> Sent:
    return send(replies.json(session.blog.get_me(session.caller)))


@patch("/me", operation_id="change_me", sync_to_thread=True)
def change_me(session: Anyone, data: JSONBody[schemas.UserChanges]) -> Sent:
    return send(replies.json(session.blog.change_me(session.caller, data)))


@delete("/me", operation_id="delete_me", sync_to_thread=True)
def delete_me(session: Anyone) -> Sent:
    session.blog.delete_me(session.caller)
    return send(replies.NO_CONTENT)


@post("/me/password", operation_id="change_password", sync_to_thread=True)
def change_password(session: Anyone, data: JSONBody[schemas.PasswordChange]) -> Sent:
    session.blog.change_password(session.caller, data)
    return send(replies.NO_CONTENT)


@post("/tokens", operation_id="sign_in", sync_to_thread=True)
def sign_in(session: Anyone, data: JSONBody[schemas.SignIn], key: Key = None) -> Sent:
    return send(replies.created_token(session.blog.sign_in(data, key)))


@get("/tokens", operation_id="list_tokens", sync_to_thread=True)
def list_tokens(session: Anyone, page_asked: PageAsked) -> Sent:
    found = session.blog.list_tokens(session.caller, page_asked)
    return send(replies.page(found, "/api/tokens", page_asked))


@delete("/tokens/current", operation_id="end_current_token", sync_to_thread=True)
def end_current_token(session: Anyone) -> Sent:
    session.blog.end_current_token(session.caller)
    return send(replies.NO_CONTENT)


@delete("/tokens/{token_id:int}", operation_id="end_token", sync_to_thread=True)
def end_token(session: Anyone, token_id: FromPath[int]) -> Sent:
    session.blog.end_token(session.caller, token_id)
    return send(replies.NO_CONTENT)


@post("/oauth/token", operation_id="grant_token", sync_to_thread=True)
def grant_token(session: Anyone, fields: Fields) -> Sent:
    with oauth.errors():
        granted = session.blog.sign_in(oauth.sign_in(fields))
    return send(oauth.granted(granted))


@get("/posts", operation_id="list_posts", sync_to_thread=True)
def list_posts(session: Anyone, posts_asked: PostsAsked) -> Sent:
    found = session.blog.list_posts(session.caller, posts_asked)
    return send(replies.page(found, "/api/posts", posts_asked))


@post("/posts", operation_id="create_post", sync_to_thread=True)
def create_post(session: Anyone, data: JSONBody[schemas.NewPost], key: Key = None) -> Sent:
    return send(replies.created_post(session.blog.create_post(session.caller, data, key)))


@get("/posts/{post_id:int}", operation_id="get_post", sync_to_thread=True)
def get_post(session: Anyone, post_id: FromPath[int]) -> Sent:
    return send(replies.post(session.blog.get_post(session.caller, post_id)))


@put("/posts/{post_id:int}", operation_id="replace_post", sync_to_thread=True)
def replace_post(
    session: Anyone,
    post_id: FromPath[int],
    data: JSONBody[schemas.PostContent],
    if_match: IfMatch = None,
) -> Sent:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.replace_post(session.caller, post_id, data, expected)))


@patch("/posts/{post_id:int}", operation_id="change_post", sync_to_thread=True)
def change_post(
    session: Anyone,
    post_id: FromPath[int],
    data: JSONBody[schemas.PostChanges],
    if_match: IfMatch = None,
) -> Sent:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.change_post(session.caller, post_id, data, expected)))


@delete("/posts/{post_id:int}", operation_id="delete_post", sync_to_thread=True)
def delete_post(session: Anyone, post_id: FromPath[int], if_match: IfMatch = None) -> Sent:
    session.blog.delete_post(session.caller, post_id, requests.expected(if_match))
    return send(replies.NO_CONTENT)


@post("/posts/{post_id:int}/publish", operation_id="publish_post", sync_to_thread=True)
def publish_post(
    session: Anyone,
    post_id: FromPath[int],
    data: JSONBody[schemas.Publication],
    if_match: IfMatch = None,
) -> Sent:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.publish_post(session.caller, post_id, data, expected)))


@post("/posts/{post_id:int}/unpublish", operation_id="unpublish_post", sync_to_thread=True)
def unpublish_post(session: Anyone, post_id: FromPath[int], if_match: IfMatch = None) -> Sent:
    expected = requests.expected(if_match)
    return send(replies.post(session.blog.unpublish_post(session.caller, post_id, expected)))


@get("/livez", operation_id="livez")
async def livez() -> Sent:
    return send(replies.json(schemas.Health()))


@get("/readyz", operation_id="readyz", sync_to_thread=True)
def readyz(session: Anyone) -> Sent:
    return send(replies.json(session.blog.check()))


@get("/openapi.json", operation_id="openapi")
async def openapi(request: Asking) -> Sent:
    return send(replies.document(document(request.app)))


api = Router(
    "/api",
    guards=[admit],
    route_handlers=[
        sign_up,
        list_users,
        get_user,
        get_me,
        change_me,
        delete_me,
        change_password,
        sign_in,
        list_tokens,
        end_current_token,
        end_token,
        grant_token,
        list_posts,
        create_post,
        get_post,
        replace_post,
        change_post,
        delete_post,
        publish_post,
        unpublish_post,
    ],
)
machine = Router("/", route_handlers=[livez, readyz, openapi])

"""The operations of the JSON API."""

from flask import Blueprint, Response

from blog_core import schemas
from blog_core.http import oauth, replies
from blog_flask.errors import send
from blog_flask.session import (
    admit,
    blog,
    body,
    caller,
    document,
    expected,
    fields,
    key,
    query,
    throttle,
)

api = Blueprint("api", __name__, url_prefix="/api")
machine = Blueprint("machine", __name__)

api.before_request(throttle)
api.before_request(admit)


@api.post("/users")
def sign_up() -> Response:
    new = body(schemas.NewUser)
    return send(replies.created_user(blog().sign_up(new, key())))


@api.get("/users")
def list_users() -> Response:
    asked = query(schemas.PageQuery)
    return send(replies.page(blog().list_users(caller(), asked), "/api/users", asked))


@api.get("/users/<username:username>")
def get_user(username: str) -> Response:
    return send(replies.json(blog().get_user(caller(), username)))


@api.get("/me")
def get_me() -> Response:
    return send(replies.json(blog().get_me(caller())))


@api.patch("/me")
def change_me() -> Response:
    changes = body(schemas.UserChanges)
    return send(replies.json(blog().change_me(caller(), changes)))


@api.delete("/me")
def delete_me() -> Response:
    blog().delete_me(caller())
    return send(replies.NO_CONTENT)


@api.post("/me/password")
def change_password() -> Response:
    blog().change_password(caller(), body(schemas.PasswordChange))
    return send(replies.NO_CONTENT)


@api.post("/tokens")
def sign_in() -> Response:
    credentials = body(schemas.SignIn)
    return send(replies.created_token(blog().sign_in(credentials, key())))


@api.get("/tokens")
def list_tokens() -> Response:
    asked = query(schemas.PageQuery)
    return send(replies.page(blog().list_tokens(caller(), asked), "/api/tokens", asked))


@api.delete("/tokens/current")
def end_current_token() -> Response:
    blog().end_current_token(caller())
    return send(replies.NO_CONTENT)


@api.delete("/tokens/<id:token_id>")
def end_token(token_id: int) -> Response:
    blog().end_token(caller(), token_id)
    return send(replies.NO_CONTENT)


@api.post("/oauth/token")
def grant_token() -> Response:
    with oauth.errors():
        granted = blog().sign_in(oauth.sign_in(fields()))
    return send(oauth.granted(granted))


@api.get("/posts")
def list_posts() -> Response:
    asked = query(schemas.PostQuery)
    return send(replies.page(blog().list_posts(caller(), asked), "/api/posts", asked))


@api.post("/posts")
def create_post() -> Response:
    new = body(schemas.NewPost)
    return send(replies.created_post(blog().create_post(caller(), new, key())))


@api.get("/posts/<id:post_id>")
def get_post(post_id: int) -> Response:
    return send(replies.post(blog().get_post(caller(), post_id)))


@api.put("/posts/<id:post_id>")
def replace_post(post_id: int) -> Response:
    content = body(schemas.PostContent)
    return send(replies.post(blog().replace_post(caller(), post_id, content, expected())))


@api.patch("/posts/<id:post_id>")
def change_post(post_id: int) -> Response:
    changes = body(schemas.PostChanges)
    return send(replies.post(blog().change_post(caller(), post_id, changes, expected())))


@api.delete("/posts/<id:post_id>")
def delete_post(post_id: int) -> Response:
    blog().delete_post(caller(), post_id, expected())
    return send(replies.NO_CONTENT)


@api.post("/posts/<id:post_id>/publish")
def publish_post(post_id: int) -> Response:
    publication = body(schemas.Publication)
    return send(replies.post(blog().publish_post(caller(), post_id, publication, expected())))


@api.post("/posts/<id:post_id>/unpublish")
def unpublish_post(post_id: int) -> Response:
    return send(replies.post(blog().unpublish_post(caller(), post_id, expected())))


@machine.get("/livez")
def livez() -> Response:
    return send(replies.json(schemas.Health()))


@machine.get("/readyz")
def readyz() -> Response:
    return send(replies.json(blog().check()))


@machine.get("/openapi.json")
def openapi() -> Response:
    return send(replies.document(document()))

"""The operations of the JSON API."""

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request

from blog_core import schemas
from blog_core.http import oauth, replies, requests
from blog_core.http.operations import ID, USERNAME
from blog_django import serializers
from blog_django.errors import send
from blog_django.openapi import document
from blog_django.session import blog
from blog_django.views import BlogViewSet


class UserViewSet(BlogViewSet):
    lookup_field = "username"
    lookup_value_regex = USERNAME
    serializer_classes = {"create": serializers.NewUserSerializer}

    def create(self, request: Request) -> HttpResponse:
        new: schemas.NewUser = self.validated(request)
        return send(replies.created_user(blog().sign_up(new, key(request))))

    def list(self, request: Request) -> HttpResponse:
        return self.paginated(lambda query: blog().list_users(self.caller, query))

    def retrieve(self, request: Request, username: str) -> HttpResponse:
        return send(replies.json(blog().get_user(self.caller, username)))


class MeViewSet(BlogViewSet):
    serializer_classes = {
        "partial_update": serializers.UserChangesSerializer,
        "change_password": serializers.PasswordChangeSerializer,
    }

    def retrieve(self, request: Request) -> HttpResponse:
        return send(replies.json(blog().get_me(self.caller)))

    def partial_update(self, request: Request) -> HttpResponse:
        changes: schemas.UserChanges = self.validated(request)
        return send(replies.json(blog().change_me(self.caller, changes)))

    def destroy(self, request: Request) -> HttpResponse:
        blog().delete_me(self.caller)
        return send(replies.NO_CONTENT)

    def change_password(self, request: Request) -> HttpResponse:
        change: schemas.PasswordChange = self.validated(request)
        blog().change_password(self.caller, change)
        return send(replies.NO_CONTENT)


class TokenViewSet(BlogViewSet):
    lookup_field = "token_id"
    lookup_value_regex = ID
    serializer_classes = {"create": serializers.SignInSerializer}

    def create(self, request: Request) -> HttpResponse:
        credentials: schemas.SignIn = self.validated(request)
        return send(replies.created_token(blog().sign_in(credentials, key(request))))

    def list(self, request: Request) -> HttpResponse:
        return self.paginated(lambda query: blog().list_tokens(self.caller, query))

    @action(detail=False, methods=["delete"], url_path="current")
    def destroy_current(self, request: Request) -> HttpResponse:
        blog().end_current_token(self.caller)
        return send(replies.NO_CONTENT)

    def destroy(self, request: Request, token_id: str) -> HttpResponse:
        blog().end_token(self.caller, int(token_id))
        return send(replies.NO_CONTENT)


class OAuthViewSet(BlogViewSet):
    def create(self, request: Request) -> HttpResponse:
        with oauth.errors():
            granted = blog().sign_in(oauth.sign_in(self.fields))
        return send(oauth.granted(granted))


class PostViewSet(BlogViewSet):
    lookup_field = "post_id"
    lookup_value_regex = ID
    serializer_classes = {
        "create": serializers.NewPostSerializer,
        "update": serializers.PostContentSerializer,
        "partial_update": serializers.PostChangesSerializer,
        "publish": serializers.PublicationSerializer,
    }

    def list(self, request: Request) -> HttpResponse:
        return self.paginated(lambda query: blog().list_posts(self.caller, query))

    def create(self, request: Request) -> HttpResponse:
        new: schemas.NewPost = self.validated(request)
        return send(replies.created_post(blog().create_post(self.caller, new, key(request))))

    def retrieve(self, request: Request, post_id: str) -> HttpResponse:
        return send(replies.post(blog().get_post(self.caller, int(post_id))))

    def update(self, request: Request, post_id: str) -> HttpResponse:
        content: schemas.PostContent = self.validated(request)
        post = blog().replace_post(self.caller, int(post_id), content, expected(request))
        return send(replies.post(post))

    def partial_update(self, request: Request, post_id: str) -> HttpResponse:
        changes: schemas.PostChanges = self.validated(request)
        post = blog().change_post(self.caller, int(post_id), changes, expected(request))
        return send(replies.post(post))

    def destroy(self, request: Request, post_id: str) -> HttpResponse:
        blog().delete_post(self.caller, int(post_id), expected(request))
        return send(replies.NO_CONTENT)

    @action(detail=True, methods=["post"])
    def publish(self, request: Request, post_id: str) -> HttpResponse:
        publication: schemas.Publication = self.validated(request)
        post = blog().publish_post(self.caller, int(post_id), publication, expected(request))
        return send(replies.post(post))

    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, post_id: str) -> HttpResponse:
        post = blog().unpublish_post(self.caller, int(post_id), expected(request))
        return send(replies.post(post))


class MachineViewSet(BlogViewSet):
    def livez(self, request: Request) -> HttpResponse:
        return send(replies.json(schemas.Health()))

    def readyz(self, request: Request) -> HttpResponse:
        return send(replies.json(blog().check()))

    def openapi(self, request: Request) -> HttpResponse:
        return send(replies.document(document()))


def expected(request: Request) -> schemas.Expected | None:
    return requests.expected(request.headers.get("If-Match"))


def key(request: Request) -> str | None:
    sent: str | None = request.headers.get("Idempotency-Key")
    return sent

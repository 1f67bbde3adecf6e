"""Generic views and viewsets over the use cases, with everything of REST framework around them."""

from json import loads
from typing import Any

from django.db import close_old_connections
from django.db.utils import InterfaceError, OperationalError
from rest_framework import generics, mixins
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler
from rest_framework.viewsets import GenericViewSet

from blog_core import schemas
from blog_core.domain.errors import BlogError, Invalid, Unavailable
from blog_core.http import problems, requests
from blog_core.http.operations import ID, USERNAME
from blog_core.ports import LimitName
from blog_core.schemas import ANYBODY, Credentials, Expected
from blog_django.browse import serializers
from blog_django.browse.authentication import SessionAuthentication, TokenAuthentication
from blog_django.browse.listing import (
    CorePagination,
    FieldFilter,
    Listing,
    OrderingFilter,
    SearchFilter,
)
from blog_django.browse.permissions import IsAuthorOrStaffOrReadOnly
from blog_django.browse.throttling import CreateThrottle, ReadThrottle
from blog_django.session import blog


def refused(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler, which knows the core's refusals too."""
    if isinstance(error, InterfaceError | OperationalError):
        error = Unavailable("the database did not answer in time")
    if isinstance(error, Invalid):
        error = serializers.validation_error(error)
    if not isinstance(error, BlogError):
        return exception_handler(error, context)
    reply = problems.of(error)
    told = loads(reply.body)
    wrong = {one["field"]: [one["message"]] for one in told.get("errors", ())}
    headers = {name: value for name, value in reply.headers if name != "Content-Type"}
    return Response(wrong or {"detail": told["detail"]}, reply.status, headers=headers)


class CoreRenderer(BrowsableAPIRenderer):
    """Shows the API in a browser; its button to delete says which version it is about."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        page = super().render(data, *args, **kwargs)
        version = data.get("version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            return page
        # The template has no place for it.
        button = 'data-method="DELETE">'
        return page.replace(
            button, f'{button}<input type="hidden" name="version" value="{version}">'
        )


class CoreView(generics.GenericAPIView[Any]):
    """A view over use cases: `caller` is as whom to call them."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    throttle_classes = [ReadThrottle]
    parser_classes = [JSONParser, FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer, CoreRenderer]
    pagination_class = CorePagination
    filter_backends: Any = []
    schema = None  # the document is of /api/

    @property
    def caller(self) -> Credentials:
        found: Any = self.request.auth
        return found or ANYBODY

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            close_old_connections()

    def get_exception_handler(self) -> Any:
        return refused

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        data = getattr(response, "data", None)
        if isinstance(data, dict) and isinstance(data.get("version"), int):
            response["ETag"] = f'"{data["version"]}"'
        return super().finalize_response(request, response, *args, **kwargs)

    def expected(self, made_from: int | None) -> Expected | None:
        """Which version a change may be made from: `If-Match`, else what the form says."""
        sent = self.request.headers.get("If-Match")
        if sent is None and made_from is not None:
            return Expected(frozenset([made_from]))
        return requests.expected(sent)


class PostViewSet(
    CoreView,
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[Any],
):
    """Posts: published ones, and of one's own those that are not."""

    lookup_field = "post_id"
    lookup_value_regex = ID
    permission_classes = [IsAuthorOrStaffOrReadOnly]
    filter_backends: Any = [FieldFilter, SearchFilter, OrderingFilter]
    search_fields = ("title", "content")

    def get_queryset(self) -> Any:
        return Listing(lambda query: blog().list_posts(self.caller, query), schemas.PostQuery)

    def get_object(self) -> Any:
        post = blog().get_post(self.caller, int(self.kwargs["post_id"]))
        self.check_object_permissions(self.request, post)
        return post

    def get_serializer_class(self) -> Any:
        kinds = {
            "create": serializers.NewPostSerializer,
            "publish": serializers.PublicationSerializer,
            "unpublish": serializers.VersionSerializer,
        }
        return kinds.get(self.action or "", serializers.PostSerializer)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if self.action in ("publish", "unpublish") and not args:
            # So that the form shows the version it is made from.
            kwargs.setdefault("instance", self.get_object())
        return super().get_serializer(*args, **kwargs)

    def get_success_headers(self, data: Any) -> dict[str, str]:
        return {"Location": f"/browse/posts/{data['id']}/"}

    def perform_create(self, serializer: Any) -> None:
        key = self.request.headers.get("Idempotency-Key")
        serializer.instance = blog().create_post(self.caller, serializer.validated_data, key)

    def perform_update(self, serializer: Any) -> None:
        change = blog().change_post if serializer.partial else blog().replace_post
        expected = self.expected(serializer.made_from)
        serializer.instance = change(
            self.caller, serializer.instance.id, serializer.validated_data, expected
        )

    def perform_destroy(self, instance: Any) -> None:
        form = serializers.VersionSerializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        blog().delete_post(self.caller, instance.id, self.expected(form.made_from))

    @action(detail=True, methods=["post"])
    def publish(self, request: Request, post_id: str) -> Response:
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        expected = self.expected(form.made_from)
        post = blog().publish_post(self.caller, int(post_id), form.validated_data, expected)
        return Response(serializers.PostSerializer(post).data)

    @action(detail=True, methods=["post"])
    def unpublish(self, request: Request, post_id: str) -> Response:
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        post = blog().unpublish_post(self.caller, int(post_id), self.expected(form.made_from))
        return Response(serializers.PostSerializer(post).data)


class UserViewSet(
    CoreView,
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[Any],
):
    """Everybody; who posts here signs up."""

    lookup_field = "username"
    lookup_value_regex = USERNAME
    permission_classes = [AllowAny]
    throttle_classes = [ReadThrottle, CreateThrottle]
    create_limit: LimitName = "sign-up"
    serializer_class = serializers.UserSerializer

    def get_queryset(self) -> Any:
        return Listing(lambda query: blog().list_users(self.caller, query), schemas.PageQuery)

    def get_object(self) -> Any:
        return blog().get_user(self.caller, self.kwargs["username"])

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = blog().sign_up(serializer.validated_data)


class TokenViewSet(
    CoreView,
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[Any],
):
    """One's own tokens; who posts a username and password here gets one."""

    lookup_field = "token_id"
    lookup_value_regex = ID
    throttle_classes = [ReadThrottle, CreateThrottle]
    create_limit: LimitName = "sign-in-network"
    serializer_class = serializers.TokenSerializer

    def get_permissions(self) -> Any:
        return [AllowAny() if self.request.method == "POST" else IsAuthenticated()]

    def get_queryset(self) -> Any:
        return Listing(lambda query: blog().list_tokens(self.caller, query), schemas.PageQuery)

    def get_object(self) -> int:
        return int(self.kwargs["token_id"])

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = blog().sign_in(serializer.validated_data)

    def perform_destroy(self, instance: int) -> None:
        blog().end_token(self.caller, instance)


class MeView(CoreView, generics.RetrieveUpdateDestroyAPIView[Any]):
    """Oneself."""

    permission_classes = [IsAuthenticated]
    serializer_class = serializers.MeSerializer

    def get_object(self) -> Any:
        return blog().get_me(self.caller)

    def perform_update(self, serializer: Any) -> None:
        serializer.instance = blog().change_me(self.caller, serializer.validated_data)

    def perform_destroy(self, instance: Any) -> None:
        blog().delete_me(self.caller)

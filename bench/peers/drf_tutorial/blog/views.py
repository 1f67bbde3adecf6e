"""One `ModelViewSet`, and a view after `ObtainAuthToken`.

The author is looked up for each post, as the tutorial's `owner.username` is; with `BENCH_JOINED` in
the environment it comes with a join.
"""

import os
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import status, viewsets
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from bench.peers.drf_tutorial.blog.authentication import digest
from bench.peers.drf_tutorial.blog.models import Post, Token, User
from bench.peers.drf_tutorial.blog.serializers import CredentialsSerializer, PostSerializer

hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


POSTS = Post.objects.all()
if "BENCH_JOINED" in os.environ:
    POSTS = POSTS.select_related("author")


class PostViewSet(viewsets.ModelViewSet[Post]):
    queryset = POSTS.defer("search").order_by("-pub_date", "-id")
    serializer_class = PostSerializer

    def get_queryset(self) -> QuerySet[Post]:
        return super().get_queryset().filter(pub_date__lte=timezone.now())

    def perform_create(self, serializer: BaseSerializer[Post]) -> None:
        serializer.save(author=self.request.user)


class ObtainToken(APIView):
    permission_classes = ()

    def post(self, request: Request) -> Response:
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        username = serializer.validated_data["username"]
        try:
            user = User.objects.get(username_key=username.lower())
            hasher.verify(user.password, serializer.validated_data["password"])
        except (User.DoesNotExist, VerifyMismatchError):
            raise AuthenticationFailed from None
        token = secrets.token_urlsafe(32)
        row = Token.objects.create(
            user=user, digest=digest(token), expires=timezone.now() + timedelta(days=30)
        )
        body = {"id": row.pk, "token": token, "created": row.created, "expires": row.expires}
        return Response(body, status=status.HTTP_201_CREATED)

"""Model serializers, the author nested as "Nested relationships" shows."""

from rest_framework import serializers

from bench.peers.drf_tutorial.blog.models import Post, User


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username"]


class PostSerializer(serializers.ModelSerializer[Post]):
    author = UserSerializer(read_only=True)

    class Meta:
        model = Post
        fields = [
            "id",
            "title",
            "content",
            "pub_date",
            "status",
            "author",
            "created",
            "updated",
            "version",
        ]


class CredentialsSerializer(serializers.Serializer[User]):
    username = serializers.CharField(write_only=True)
    password = serializers.CharField(write_only=True, trim_whitespace=False)

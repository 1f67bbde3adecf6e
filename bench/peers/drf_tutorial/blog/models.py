"""The blog's tables as unmanaged models."""

from django.db import models
from django.utils import timezone


class User(models.Model):
    username = models.CharField(max_length=80)
    username_key = models.CharField(max_length=80, unique=True)
    password = models.CharField(max_length=255)

    class Meta:
        app_label = "tutorial_blog"
        managed = False
        db_table = "users"

    @property
    def is_authenticated(self) -> bool:
        return True


class Post(models.Model):
    author = models.ForeignKey(User, related_name="posts", on_delete=models.CASCADE)
    title = models.CharField(max_length=200)
    content = models.TextField(blank=True, default="")
    pub_date = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1, editable=False)
    # The blog's search column: required by the table, never read here.
    search = models.TextField(default="", editable=False)

    class Meta:
        app_label = "tutorial_blog"
        managed = False
        db_table = "posts"

    @property
    def status(self) -> str:
        if self.pub_date is None:
            return "draft"
        return "published" if self.pub_date <= timezone.now() else "scheduled"


class Token(models.Model):
    user = models.ForeignKey(User, related_name="tokens", on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    class Meta:
        app_label = "tutorial_blog"
        managed = False
        db_table = "tokens"

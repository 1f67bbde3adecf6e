"""The core's tables as Django's models: to be listed, filtered and joined as any other.

    Post.objects.published().filter(author__username="ada")

Alembic owns the tables, so the models are not managed. They are reached by an alias that only
reads: what changes something is a use case. Where a model's `save` or `delete` has one, it is
called as the operator, whom no request can be.
"""

from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.urls import reverse
from django.utils import timezone

from blog_core import schemas
from blog_core.domain import posts, users
from blog_core.http import requests
from blog_core.schemas import OPERATOR
from blog_django.refusals import validation_errors
from blog_django.session import blog

_RIGHTS = ("is_staff", "is_active")

# --- users ---------------------------------------------------------------------------------------


class UserManager(BaseUserManager["User"]):
    """Finds users by name as the core does, and makes them through it."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username_key=users.name_key(username or ""))

    def create_user(self, username: str, email: str = "", password: str | None = None) -> "User":
        """A new user. Raises ValidationError."""
        return self._add(username, email, password, is_staff=False)

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None
    ) -> "User":
        """A new member of the staff, who may do everything. Raises ValidationError."""
        return self._add(username, email, password, is_staff=True)

    def _add(self, username: str, email: str, password: str | None, *, is_staff: bool) -> "User":
        typed = {"username": username, "email": email, "password": password or ""}
        with validation_errors(named=True):
            new = requests.body(schemas.NewUser, typed)
            made = blog().staff.add_user(OPERATOR, new, is_staff=is_staff)
        return self.get(pk=made.id)


class User(AbstractBaseUser):
    """Somebody who writes. Staff may do everything, others what is their own's to do."""

    _password: str | None
    last_login = None  # sessions say when somebody signed in

    id = models.BigAutoField(primary_key=True)
    username = models.CharField(
        max_length=80, help_text="1 to 80 ASCII letters, digits, '_', '-' and '.'."
    )
    username_key = models.CharField(max_length=80, unique=True, editable=False)
    # No EmailField, which refuses some of what browsers and the core accept.
    email = models.CharField(max_length=users.EMAIL_LENGTH)
    email_key = models.CharField(max_length=users.EMAIL_LENGTH, unique=True, editable=False)
    password = models.CharField(max_length=255, editable=False)
    is_staff = models.BooleanField(
        "staff", default=False, help_text="May see, edit and delete everything, here and elsewhere."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Without this, nobody signs in as this user."
    )
    joined = models.DateTimeField(editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        managed = False
        db_table = "users"
        ordering = ["username_key"]
        verbose_name = "user"
        verbose_name_plural = "users"

    def __str__(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return f"/users/{self.username}"

    def get_full_name(self) -> str:
        return ""

    def get_short_name(self) -> str:
        return self.username

    @property
    def version(self) -> str:
        """The one that a change is made from: another one when staff have changed anything."""
        return users.account_version(self.username, self.email, self.is_staff, self.is_active)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Change the account as the operator. Raises ValidationError."""
        values = {name: getattr(self, name) for name in ("username", "email", *_RIGHTS)}
        if self._password is not None:
            values["password"] = self._password
        with validation_errors(named=True):
            changes = requests.body(schemas.AccountChanges, values)
            blog().staff.change_user(OPERATOR, self.pk, changes)
        self._password = None
        self.refresh_from_db()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the user with everything that is theirs, as the operator."""
        blog().staff.remove_users(OPERATOR, [self.pk])
        return 1, {self._meta.label: 1}

    # --- passwords, by the core's hasher ---

    def set_password(self, raw_password: str | None) -> None:
        if raw_password is None:
            self.set_unusable_password()
            return
        self.password = blog().hasher.hash(raw_password)
        self._password = raw_password

    def check_password(self, raw_password: str | None) -> bool:
        return raw_password is not None and blog().hasher.verify(raw_password, self.password)

    # --- rights, which are the core's: staff or not ---

    @property
    def is_superuser(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_staff

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


# --- posts ---------------------------------------------------------------------------------------


class PostQuerySet(models.QuerySet["Post"]):
    def drafts(self) -> "PostQuerySet":
        return self.filter(pub_date=None)

    def scheduled(self) -> "PostQuerySet":
        return self.filter(pub_date__gt=timezone.now())

    def published(self) -> "PostQuerySet":
        return self.filter(pub_date__lte=timezone.now())


class Post(models.Model):
    """A piece of writing: a draft until it has a `pub_date`, then scheduled, then published."""

    id = models.BigAutoField(primary_key=True)
    author = models.ForeignKey(User, models.CASCADE, related_name="posts")
    title = models.CharField(max_length=posts.TITLE_LENGTH)
    content = models.TextField(blank=True, help_text="Markdown.")
    pub_date = models.DateTimeField(
        "publication", null=True, blank=True, help_text="In UTC. Without one it is a draft."
    )
    created = models.DateTimeField(editable=False)
    updated = models.DateTimeField(editable=False)
    version = models.IntegerField(editable=False)
    search = models.TextField("words to search in", editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "posts"
        get_latest_by = "pub_date"
        ordering = ["-pub_date", "-id"]
        verbose_name = "post"
        verbose_name_plural = "posts"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/posts/{self.pk}"

    @property
    def status(self) -> posts.Status:
        if self.pub_date is None:
            return "draft"
        return "published" if self.pub_date <= timezone.now() else "scheduled"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("posts are changed by use cases: blog().change_post(...)")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the post as the operator."""
        blog().staff.remove_posts(OPERATOR, [self.pk])
        return 1, {self._meta.label: 1}


# --- what signs a user in ------------------------------------------------------------------------


class Grant(models.Model):
    """What tokens and sessions have in common: only a digest of what signs in is kept."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(editable=False)
    expires = models.DateTimeField(editable=False)

    class Meta:
        abstract = True
        managed = False
        ordering = ["-id"]

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("signing in is a use case: blog().sign_in(...), blog().open_session(...)")


class Token(Grant):
    """A bearer token of the API."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")

    class Meta(Grant.Meta):
        abstract = False
        db_table = "tokens"
        verbose_name = "token"
        verbose_name_plural = "tokens"

    def __str__(self) -> str:
        return f"token {self.pk}"


class Session(Grant):
    """A browser that is signed in."""

    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    browser = models.CharField(max_length=80, blank=True)

    class Meta(Grant.Meta):
        abstract = False
        db_table = "sessions"
        verbose_name = "session"
        verbose_name_plural = "sessions"

    def __str__(self) -> str:
        return self.browser or f"session {self.pk}"


# --- what staff did ------------------------------------------------------------------------------


class StaffAction(models.Model):
    """Something that staff did. It has the names that the admin's templates ask a LogEntry for."""

    id = models.BigAutoField(primary_key=True)
    action_time = models.DateTimeField("at", db_column="at")
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, db_column="staff_id", related_name="staff_actions"
    )
    staff = models.CharField(
        max_length=80, null=True, help_text="Who it was then; nobody is the operator."
    )
    kind = models.CharField(max_length=4)
    object_id = models.BigIntegerField()
    object_repr = models.CharField("name", max_length=200, db_column="name")
    action = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "staff_actions"
        ordering = ["-id"]
        verbose_name = "action of staff"
        verbose_name_plural = "actions of staff"

    def __str__(self) -> str:
        return f"{self.staff or 'operator'}: {self.action} {self.kind} {self.object_repr}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the core records what staff do")

    delete = save

    @property
    def is_addition(self) -> bool:
        return self.action == "added"

    @property
    def is_deletion(self) -> bool:
        return self.action == "deleted"

    @property
    def is_change(self) -> bool:
        return not (self.is_addition or self.is_deletion)

    @property
    def content_type(self) -> dict[str, str]:
        return {"name": self.kind}

    def get_change_message(self) -> str:
        return self.action

    def get_admin_url(self) -> str:
        return reverse(f"admin:blog_{self.kind}_change", args=[self.object_id])

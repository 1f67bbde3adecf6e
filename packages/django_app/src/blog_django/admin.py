"""Django's admin over the core: it reads by the models, and writes by the use cases.

Who may come in is decided by the site's own session: there is no other sign-in. What the core
refuses is said in the form that asked for it. What staff did is recorded by the core, in the
transaction that did it, and read from there.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.contrib.admin.widgets import AdminEmailInputWidget, AdminTextareaWidget
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.forms.models import construct_instance
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from pydantic import BaseModel

from blog_core import schemas
from blog_core.domain.errors import BlogError, Invalid, NotAuthenticated, Stale, Unavailable
from blog_core.domain.search import words
from blog_core.http import problems, requests
from blog_core.schemas import Expected
from blog_django.models import Post, StaffAction, User
from blog_django.native import caller
from blog_django.refusals import as_validation_error
from blog_django.session import blog

site = admin.site

if TYPE_CHECKING:  # generic for the stubs only
    _ModelForm = forms.ModelForm[Any]
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelForm = forms.ModelForm
    _ModelAdmin = admin.ModelAdmin


# --- what both have in common --------------------------------------------------------------------


class CoreForm(_ModelForm):
    """A form of the admin that the core judges: `taken` is what the use case takes.

    `made_from` is the version that the form was made from; `refusal` is why the core refused it.
    """

    adding: ClassVar[type[BaseModel]]
    changing: ClassVar[type[BaseModel]]
    refusal: ClassVar[BlogError | None] = None
    taken: BaseModel
    made_from = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.strip = False  # what to make of blanks is the core's to say
        if self.instance.pk is not None:
            self.initial["made_from"] = self.instance.version
            if isinstance(self.refusal, Stale):
                # What stands now has been shown: saving again is meant to replace it.
                data: Any = self.data.copy()  # type: ignore[attr-defined] # a QueryDict
                data[self.add_prefix("made_from")] = f"{self.instance.version}"
                self.data = data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal is not None:
            self._say(self.refusal)
        elif not self.errors:
            is_new = self.instance.pk is None
            try:
                self.taken = requests.body(
                    self.adding if is_new else self.changing, self.typed(is_new=is_new)
                )
            except Invalid as error:
                self._say(error)
        return cleaned

    def typed(self, *, is_new: bool) -> dict[str, Any]:
        """What the use case is to be given: everything of what is new, of the rest what changed."""
        ours = (self.adding if is_new else self.changing).model_fields
        wanted = self.fields if is_new else self.changed_data
        return {name: self.cleaned_data[name] for name in wanted if name in ours}

    def _say(self, refusal: BlogError) -> None:
        if isinstance(refusal, Stale):
            self.add_error(None, self.conflict())
            return
        for field, wrong in as_validation_error(refusal).message_dict.items():
            self.add_error(field if field in self.fields else None, wrong)

    def conflict(self) -> str:
        """What stands instead, for whoever is asked again."""
        now = [
            format_html("{}: “{}”.", capfirst(self.fields[name].label or name), self.initial[name])
            for name in self.changed_data
            if name in self.initial and name != "made_from"
        ]
        return format_html(
            "Somebody has changed this since you opened it. What you typed is below; saving it "
            "replaces what stands now. {}",
            format_html_join(" ", "{}", ((one,) for one in now)),
        )

    def _post_clean(self) -> None:
        # Django's own validation of the model would be a second opinion.
        self.instance = construct_instance(self, self.instance, self._meta.fields)


class CoreAdmin(_ModelAdmin):
    form: type[CoreForm]
    show_full_result_count = False  # a second COUNT, on every search

    def view_on_site(self, obj: Any) -> str:
        path: str = obj.get_absolute_url()
        return path

    # --- forms ---

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        made: Any = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _know_content_types()
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (NotAuthenticated, Unavailable):
            raise
        except BlogError as refusal:
            # Once more, for the form to say why.
            vars(request)["refusal"] = refusal
            response = super().changeform_view(request, *args, **kwargs)
            if isinstance(response, TemplateResponse):
                stale = isinstance(refusal, Stale)
                response.status_code = 409 if stale else problems.of(refusal).status
            return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.pk = self.add_by_core(request, form)
        elif form.taken.model_fields_set:
            self.change_by_core(request, obj, form)

    def add_by_core(self, request: HttpRequest, form: Any) -> int:
        """The id of what the use case made of the form. Raises BlogError."""
        raise NotImplementedError

    def change_by_core(self, request: HttpRequest, obj: Any, form: Any) -> None:
        """Raises BlogError."""
        raise NotImplementedError

    # --- deleting ---

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().delete_view(request, *args, **kwargs)
        except (NotAuthenticated, Unavailable):
            raise
        except BlogError as refusal:
            return self._again(request, refusal)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Django's own way would look into its own tables, which may not be there.
        counts: dict[str, int] = {}
        shown: list[Any] = []
        for obj in objs:
            theirs = self.goes_with(obj)
            shown.append(f"{capfirst(self.opts.verbose_name)}: {obj}")
            if any(theirs.values()):
                shown.append([f"{count} {name}" for name, count in theirs.items() if count])
            for name, count in {f"{self.opts.verbose_name_plural}": 1, **theirs}.items():
                counts[name] = counts.get(name, 0) + count
        return shown, {name: count for name, count in counts.items() if count}, set(), []

    def goes_with(self, obj: Any) -> dict[str, int]:
        """What is deleted with it, by name."""
        return {}

    # --- actions ---

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except (NotAuthenticated, Unavailable):
            raise
        except BlogError as refusal:
            return self._again(request, refusal)

    def _again(self, request: HttpRequest, refusal: BlogError) -> HttpResponse:
        for said in as_validation_error(refusal).messages:
            self.message_user(request, said, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _done(self, request: HttpRequest, count: int, what: str) -> None:
        name = self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural
        self.message_user(request, f"{count} {name} {what}.", messages.SUCCESS)

    # --- history, which the core keeps ---

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """The core has recorded it."""

    log_change = log_deletion = log_addition

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """The core records each."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        actions = StaffAction.objects.filter(kind=self.opts.model_name, object_id=obj.pk)
        paginator = self.get_paginator(request, actions, 100)
        page = paginator.get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change history: {obj}",
            "subtitle": None,
            "action_list": page,
            "page_range": paginator.get_elided_page_range(page.number),
            "page_var": PAGE_VAR,
            "pagination_required": paginator.num_pages > 1,
            "module_name": capfirst(self.opts.verbose_name_plural),
            "object": obj,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/blog/object_history.html", context)


def _know_content_types() -> None:
    """Let the form's page find content types, which it only numbers, without Django's own tables.

    A database that was made by `triptych migrate` has none, and the admin needs none.
    """
    manager: Any = ContentType.objects
    known = manager._cache.get(manager.db, {})
    for number, name in enumerate(("user", "post")):
        if ("blog", name) not in known:
            made = ContentType(pk=-1 - number, app_label="blog", model=name)
            manager._add_to_cache(manager.db, made)


# --- users ---------------------------------------------------------------------------------------


class UserForm(CoreForm):
    adding = schemas.NewUser
    changing = schemas.AccountChanges
    email = forms.CharField(widget=AdminEmailInputWidget)
    new_password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text="8 to 1024 bytes. Empty: the password stays. Another one ends their sessions.",
    )

    def typed(self, *, is_new: bool) -> dict[str, Any]:
        typed = super().typed(is_new=is_new)
        if is_new or self.cleaned_data["new_password"]:
            typed["password"] = self.cleaned_data["new_password"]
        return typed

    def _say(self, refusal: BlogError) -> None:
        if isinstance(refusal, Invalid):
            named = {"password": "new_password"}
            refusal = Invalid(
                [replace(one, field=named.get(one.field, one.field)) for one in refusal.errors]
            )
        super()._say(refusal)


@admin.register(User)
class UserAdmin(CoreAdmin):
    form = UserForm
    list_display = ("username", "email", "joined", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active")
    date_hierarchy = "joined"
    search_fields = ("username_key", "email_key")
    readonly_fields = ("joined",)
    actions = ("disable", "enable")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        common = ("username", "email", "new_password", "is_staff")
        return common if obj is None else (*common, "is_active", "joined", "made_from")

    def add_by_core(self, request: HttpRequest, form: Any) -> int:
        is_staff = form.cleaned_data["is_staff"]
        return blog().staff.add_user(caller(request), form.taken, is_staff=is_staff).id

    def change_by_core(self, request: HttpRequest, obj: User, form: Any) -> None:
        version = form.cleaned_data["made_from"]
        blog().staff.change_user(caller(request), obj.pk, form.taken, version)

    def goes_with(self, obj: User) -> dict[str, int]:
        return {
            "posts": obj.posts.count(),
            "tokens": obj.tokens.count(),
            "sessions": obj.sessions.count(),
        }

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        blog().staff.remove_users(caller(request), [obj.pk], request.POST.get("version", ""))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        blog().staff.remove_users(caller(request), _ids(queryset))

    @admin.action(description="Disable selected users", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset, active=False)

    @admin.action(description="Enable selected users", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._set_active(request, queryset, active=True)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[User], *, active: bool) -> None:
        ids = _ids(queryset)
        blog().staff.set_active(caller(request), ids, active=active)
        self._done(request, len(ids), "enabled" if active else "disabled")


# --- posts ---------------------------------------------------------------------------------------


class PostForm(CoreForm):
    adding = schemas.NewPost
    changing = schemas.PostChanges
    content = forms.CharField(required=False, widget=AdminTextareaWidget, help_text="Markdown.")

    def clean_content(self) -> str:
        # A browser sends CRLF; the blog keeps LF.
        content: str = self.cleaned_data["content"]
        return content.replace("\r\n", "\n").replace("\r", "\n")


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("draft", "Draft"), ("scheduled", "Scheduled"), ("published", "Published")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "draft":
                return queryset.drafts()
            case "scheduled":
                return queryset.scheduled()
            case "published":
                return queryset.published()
        return queryset


@admin.register(Post)
class PostAdmin(CoreAdmin):
    form = PostForm
    list_display = ("title", "author", "status", "pub_date", "updated")
    list_filter = (StatusFilter, "pub_date")
    list_select_related = ("author",)
    date_hierarchy = "pub_date"
    # Looked for by `get_search_results`; named here for the field to be shown.
    search_fields = ("search", "author__username_key")
    autocomplete_fields = ("author",)
    actions = ("publish", "unpublish")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        common = ("author", "title", "content", "pub_date")
        return common if obj is None else (*common, "status", "created", "updated", "made_from")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("author", "status", "created", "updated")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Post], search_term: str
    ) -> tuple[QuerySet[Post], bool]:
        """Posts with all of these words, as the site's own search takes words apart."""
        for word in words(search_term):
            queryset = queryset.filter(
                Q(search__contains=word) | Q(author__username_key__contains=word)
            )
        return queryset, False

    def add_by_core(self, request: HttpRequest, form: Any) -> int:
        author = form.cleaned_data["author"]
        return blog().staff.add_post(caller(request), author.pk, form.taken).id

    def change_by_core(self, request: HttpRequest, obj: Post, form: Any) -> None:
        expected = _expected(form.cleaned_data["made_from"])
        blog().change_post(caller(request), obj.pk, form.taken, expected)

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        expected = _expected(request.POST.get("version", ""))
        blog().delete_post(caller(request), obj.pk, expected)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        blog().staff.remove_posts(caller(request), _ids(queryset))

    @admin.action(description="Publish selected posts", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        ids = _ids(queryset)
        blog().staff.publish_posts(caller(request), ids)
        self._done(request, len(ids), "published")

    @admin.action(description="Make drafts of selected posts", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        ids = _ids(queryset)
        blog().staff.unpublish_posts(caller(request), ids)
        self._done(request, len(ids), "made drafts")


def _ids(queryset: QuerySet[Any]) -> list[int]:
    return list(queryset.values_list("pk", flat=True))


def _expected(version: str) -> Expected:
    return Expected(frozenset([int(version)]) if version.isdecimal() else frozenset())

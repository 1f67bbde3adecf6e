"""The admin's site: who comes in, and what stands for Django's own sign-in."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from blog_core.http import cookies, replies
from blog_django.errors import send
from blog_django.models import StaffAction
from blog_django.native import caller, native, sign_in_first
from blog_django.session import blog


class BlogAdminSite(AdminSite):
    site_header = "Blog"
    site_title = "Blog"
    index_title = "What staff look after"
    empty_value_display = "–"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        # The front has refused what comes from another site: no second check by tokens.
        inner = super().admin_view(csrf_exempt(view), cacheable)

        @native
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            if not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return answer

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return send(replies.see_other("/login?next=/admin/"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        blog().close_session(caller(request))
        return send(replies.see_other("/", [cookies.CLEARED]))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return send(replies.see_other("/settings"))

    password_change_done = password_change

    def get_log_entries(self, request: HttpRequest) -> Any:
        return StaffAction.objects.all()

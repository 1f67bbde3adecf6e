"""What the forms of the browsable API go by; the core decides again, in its transaction."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsAuthorOrStaffOrReadOnly(BasePermission):
    """Anybody reads; who is signed in writes; a post is its author's and the staff's to change."""

    message = "Only its author may change this post."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or bool(request.user.is_authenticated)

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return (
            request.method in SAFE_METHODS
            or bool(getattr(request.user, "is_staff", False))
            or obj.author.id == request.user.pk
        )

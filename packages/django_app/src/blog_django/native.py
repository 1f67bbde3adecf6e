"""What stands around Django's own pages, the admin and `/browse/`: who asks, and what is refused.

The API and the pages of the contract have none of it: under ASGI a middleware for all would change
the thread twice for each request.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage import default_storage
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    SuspiciousOperation,
    ValidationError,
)
from django.db import close_old_connections
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse

from blog_core.domain import passwords
from blog_core.domain.errors import BlogError, Forbidden, NotFound, Unavailable
from blog_core.http import problems, replies
from blog_core.schemas import Credentials
from blog_django.errors import send
from blog_django.models import User
from blog_django.session import asked_of, blog

View = Callable[..., HttpResponseBase]


def caller(request: HttpRequest) -> Credentials:
    """As whom to call the use cases."""
    return asked_of(request).credentials


class SessionBackend(BaseBackend):
    """Who is signed in on the site is signed in here. Passwords are tried at `/login` only."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The user of the request's session or token."""
        if request is None or credentials:
            return None
        seen = blog().visitor(caller(request)).user
        return None if seen is None else self.get_user(seen.id)

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()


class CorePasswordValidator:
    """Django's commands ask it what the core will say of a password."""

    def validate(self, password: str, user: User | None = None) -> None:
        names = (user.username, user.email) if user is not None else ()
        error = passwords.problem("password", password, *names)
        if error is not None:
            raise ValidationError(error.message, error.code)

    def get_help_text(self) -> str:
        return "8 to 1024 bytes, no name of the user, no common password."


def no_token(_request: HttpRequest) -> dict[str, str]:
    """A context processor: forms hold no CSRF token, because the front lets in none from elsewhere.

    See the decision on cross-site requests by Fetch Metadata.
    """
    return {"csrf_token": ""}


def native(view: View) -> View:
    """Stands around a view of Django's own: gives it `request.user` and messages.

    What the view refuses is answered as on the site's other pages.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return _answer(view, request, args, kwargs)
        except Http404:
            return send(problems.of(NotFound()))
        except PermissionDenied as error:
            return send(problems.of(Forbidden(str(error) or "Only staff may do this.")))
        except (BadRequest, SuspiciousOperation):
            return send(problems.problem(400, "This request cannot be read."))
        except (InterfaceError, OperationalError) as error:
            unavailable = Unavailable("the database did not answer in time")
            unavailable.__cause__ = error
            return send(problems.of(unavailable))
        except BlogError as error:
            return send(problems.of(error))
        finally:
            close_old_connections()

    return answer


def _answer(view: View, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponseBase:
    request.user = SessionBackend().authenticate(request) or AnonymousUser()
    messages = default_storage(request)
    attributes: dict[str, Any] = {
        "_messages": messages,
        # The front has done it.
        "_dont_enforce_csrf_checks": True,
    }
    vars(request).update(attributes)
    response = view(request, *args, **kwargs)
    # Showing the messages uses them up, so that comes first.
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response = response.render()
    messages.update(response)
    return response


def sign_in_first(request: HttpRequest) -> HttpResponseBase:
    """Leads to the site's own form, and back from there."""
    return send(replies.see_other(problems.login_path(request.get_full_path())))

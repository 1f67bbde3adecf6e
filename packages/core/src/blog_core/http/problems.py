"""Any failure as an answer: problem details (RFC 9457) for programs, a page for people."""

from collections.abc import Sequence
from functools import lru_cache
from json import dumps, loads
from urllib.parse import quote

from blog_core.domain import errors
from blog_core.domain.errors import BlogError, FieldError
from blog_core.http.rendering import Page, render
from blog_core.http.replies import HTML, Headers, Reply, see_other
from blog_core.telemetry.logs import log, request_id

# Ours, because the phrases of `http.HTTPStatus` differ between versions of Python.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}

# What people are told, where it is not the title.
_HEADINGS = {
    400: "This request cannot be read",
    403: "This is not for you to do",
    404: "This page does not exist",
    405: "This cannot be done here",
    413: "This is too much at once",
    414: "This address is too long",
    415: "This is no form",
    422: "Something in this is not right",
    429: "Too many requests",
    500: "Something went wrong",
    503: "The blog is out of breath",
}

NOT_FRESH = "Sign out, sign in again, and do this within ten minutes."
LAST_WAY_IN = "This is the only way to sign in to your account. Set a password first."

PROBLEM = ("Content-Type", "application/problem+json")
REALM = 'Bearer realm="blog"'


class Refused(BlogError):
    """What the front found wrong, answered only after what comes before it in the order."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"refused with {reply.status}")
        self.reply = reply


def problem(
    status: int,
    detail: str,
    headers: Headers = (),
    errors: Sequence[FieldError] | None = None,
) -> Reply:
    """Problem details with the members in their order: type, title, status, detail, errors."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = [
            {"field": error.field, "code": error.code, "message": error.message} for error in errors
        ]
    body = dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, (PROBLEM, *headers), body)


def page(
    status: int, detail: str, headers: Headers = (), errors: Sequence[FieldError] = ()
) -> Reply:
    """The same for people: the answer outside the API. It is cheap, and asks no database."""
    return Reply(status, (HTML, *headers), _body(status, detail, tuple(errors)))


# What goes wrong often goes wrong in the same words.
@lru_cache(maxsize=64)
def _body(status: int, detail: str, errors: tuple[FieldError, ...]) -> bytes:
    heading = _HEADINGS.get(status, TITLES[status])
    context = {
        "title": heading,
        "status": status,
        "name": TITLES[status],
        "detail": detail,
        "errors": errors,
    }
    return render(Page("error.html", context, status)).body


def is_problem(reply: Reply) -> bool:
    """Whether an answer is one of `problem`'s, as a framework may have passed it on."""
    return any(map(_is_problem, reply.headers))


def _is_problem(header: tuple[str, str]) -> bool:
    # ASGI has the names in lower case.
    return header[0].lower() == "content-type" and header[1] == PROBLEM[1]


def for_people(reply: Reply, target: str) -> Reply:
    """A problem as people get it, who asked for `target`: who must sign in first is led there."""
    if reply.status == 401:
        return see_other(login_path(target))
    content = loads(reply.body)
    errors = [FieldError(**error) for error in content.get("errors", ())]
    headers = [header for header in reply.headers if not _is_problem(header)]
    return page(reply.status, content["detail"], headers, errors)


def login_path(target: str) -> str:
    """Where to sign in, and come back to `target` after."""
    return f"/login?next={quote(target, safe='/')}"


def _limit(error: errors.Throttled) -> Headers:
    """Which limit it was, and when it ends (draft-ietf-httpapi-ratelimit-headers-10)."""
    return [
        ("Retry-After", f"{error.retry_after}"),
        ("RateLimit-Policy", f'"{error.limit}";q={error.quota};w={error.seconds}'),
        ("RateLimit", f'"{error.limit}";r=0;t={error.retry_after}'),
    ]


def of(error: BlogError) -> Reply:  # noqa: PLR0912 # one case each, on one screen
    """What a client is told when a use case refuses."""
    match error:
        case errors.WrongPassword():
            return problem(401, "The username or password is not right.", [_authenticate()])
        case errors.NotAuthenticated(token_sent=True):
            value = f'{REALM}, error="invalid_token"'
            return problem(401, "The token is not good, or not any more.", [_authenticate(value)])
        case errors.SessionOver():
            return problem(401, "The session is over: sign in again.", [_authenticate()])
        case errors.NotAuthenticated():
            return problem(401, "Sign in first: this needs a bearer token.", [_authenticate()])
        case errors.Forbidden():
            return problem(403, str(error))
        case errors.NotFound():
            return problem(404, "There is nothing here.")
        case errors.Taken():
            taken = [FieldError(field, "taken", "This is taken.") for field in error.fields]
            return problem(409, "Somebody else has this already.", errors=taken)
        case errors.KeyInUse():
            in_use = FieldError("Idempotency-Key", "in_use", "Try again in a moment.")
            return problem(409, "A request with this key is under way.", errors=[in_use])
        case errors.Stale():
            return problem(412, "It has changed since: read it again, then repeat the change.")
        case errors.Invalid():
            return problem(422, "The request is not valid.", errors=error.errors)
        case errors.VersionRequired():
            return problem(428, "Send If-Match with the ETag that the change was made from.")
        case errors.Throttled():
            return problem(429, "This was too often: try again in a while.", _limit(error))
        case Refused():
            return error.reply
        case errors.SignInRefused():
            return problem(403, error.message)
        case errors.ProviderUnavailable():
            log.warning("request %s: no sign-in with %s", request_id.get(), error)
            detail = f"{error.title} did not answer: try again in a moment."
            return problem(503, detail, [("Retry-After", "5")])
        case errors.NotFresh():
            return problem(403, NOT_FRESH)
        case errors.LastWayIn():
            return problem(409, LAST_WAY_IN)
        case errors.OutOfService():
            detail = "This process is being taken out of service."
            return problem(503, detail, [("Retry-After", "1")])
        case errors.Unavailable():
            log.warning("request %s: no answer from the database", request_id.get(), exc_info=error)
            return problem(503, "The database did not answer: try again.", [("Retry-After", "1")])
    raise error


def unexpected() -> Reply:
    """What is said of an error nobody foresaw: nothing."""
    return problem(500, "Something went wrong on our side.")


def _authenticate(value: str = REALM) -> tuple[str, str]:
    return ("WWW-Authenticate", value)

"""The adapters' files, function by function: what answers to what in three spellings."""

from collections.abc import Sequence
from dataclasses import dataclass

from blog_core.http.operations import OPERATIONS, PAGES
from triptych.page.spellings import Spelling, everything, of_operation, whole
from triptych.servers import FRAMEWORKS

Named = tuple[str, ...]
"""`module:name`, of the framework's package; `module` alone for all of it."""


@dataclass(frozen=True)
class Row:
    """One thing, as each framework spells it; no spelling where the framework does it itself."""

    title: str
    about: str
    spellings: dict[str, tuple[Spelling, ...]]

    @property
    def anchor(self) -> str:
        return self.title.lower().replace(" ", "-")

    def holds(self, text: str) -> bool:
        """Whether the text is in it, without regard to case."""
        wanted = text.lower()
        return wanted in self.title.lower() or any(
            wanted in spelling.source.lower()
            for spellings in self.spellings.values()
            for spelling in spellings
        )


@dataclass(frozen=True)
class Together:
    title: str
    django: Named = ()
    flask: Named = ()
    fastapi: Named = ()
    about: str = ""


SESSION = (
    Together("The blog", ("session:blog",), ("session:blog",), ("session:Session",)),
    Together(
        "What the front found out",
        ("session:asked_of",),
        ("session:asked",),
        (),
        "FastAPI's dependencies take it from the scope themselves.",
    ),
    Together(
        "Count a request to its sender",
        ("session:SenderThrottle",),
        ("session:throttle",),
        ("session:get_session",),
    ),
    Together(
        "Who asks",
        ("session:BlogAuthentication", "session:IsAdmitted"),
        ("session:admit", "session:caller"),
        ("session:Password", "session:Bearer"),
    ),
    Together(
        "Who looks at a page",
        ("session:PageRequest", "views:_let_in"),
        ("session:welcome", "session:visitor"),
        ("session:Visit", "session:get_visit"),
    ),
    Together("The query", ("session:query",), ("session:query",), ("session:get_query",)),
    Together("The form", ("session:fields",), ("session:fields",), ("session:get_fields",)),
    Together(
        "The body",
        ("serializers",),
        ("session:body",),
        (),
        "FastAPI reads it by the type of a parameter; Django by serializers made from the schemas.",
    ),
    Together(
        "Idempotency-Key and If-Match",
        ("api:key", "api:expected"),
        ("session:key", "session:expected"),
        (),
        "On FastAPI they are parameters of the routes.",
    ),
    Together("The browser", ("session:browser",), ("session:browser",), ("session:get_browser",)),
    Together(
        "A sign-in under way elsewhere",
        ("session:pending", "session:providers"),
        ("session:pending", "session:providers"),
        (),
        "On FastAPI they are part of the visit.",
    ),
    Together(
        "Settings",
        ("session:host",),
        ("session:settings", "session:host", "session:document"),
        (),
    ),
    Together(
        "Find the route",
        (),
        (),
        ("session:OperationRoute",),
        "Django and Flask do it by their own means.",
    ),
)
ERRORS = (
    Together("An answer of the core's", ("errors:send",), ("errors:send",), ("errors:send",)),
    Together("A page", ("views:render",), ("errors:render",), ("errors:render",)),
    Together(
        "A failure as an answer",
        ("errors:refused", "views:page"),
        ("errors:refused",),
        ("errors:install", "errors:refused", "errors:_invalid", "errors:_again"),
    ),
    Together(
        "What an operation may answer",
        (),
        (),
        ("errors:Described", "errors:described"),
        "For FastAPI's OpenAPI document; Django and Flask have it in openapi.py.",
    ),
)
APP = (
    Together(
        "Ids and names in paths",
        ("urls:IdConverter", "urls:ProviderConverter", "urls:UsernameConverter"),
        ("app:IdConverter", "app:UsernameConverter", "app:ProviderConverter"),
        (),
        "FastAPI takes them by the type of a parameter.",
    ),
    Together(
        "The application", ("settings",), ("app:BlogFlask", "app:create_app"), ("app:create_app",)
    ),
    Together(
        "Which path leads where",
        ("urls",),
        (),
        (),
        "Flask and FastAPI say it at each route.",
    ),
    Together("What a WSGI server loads", ("wsgi",), ("wsgi",), ()),
    Together("What an ASGI server loads", ("asgi",), (), ("asgi",)),
)
FILES = {
    "api": "API operations",
    "pages": "Pages for people",
    "session": "From a request to its caller",
    "errors": "Answers and failures",
    "app": "Application",
}
_TOGETHER = {"session": SESSION, "errors": ERRORS, "app": APP}


def rows(file: str) -> list[Row]:
    """What the adapters have in this file, side by side, in the order of the first."""
    if file in _TOGETHER:
        return [_row(together) for together in _TOGETHER[file]]
    return [
        Row(
            operation.name,
            f"{operation.method} {operation.path}",
            {key: (of_operation(key, operation.name),) for key in FRAMEWORKS},
        )
        for operation in ({"api": OPERATIONS, "pages": PAGES}[file])
    ]


def _row(together: Together) -> Row:
    named = {"django": together.django, "flask": together.flask, "fastapi": together.fastapi}
    return Row(
        together.title,
        together.about,
        {key: tuple(_found(key, wanted)) for key, wanted in named.items()},
    )


def _found(framework: str, names: Sequence[str]) -> list[Spelling]:
    found = []
    for one in names:
        part, _, name = one.partition(":")
        module = f"{FRAMEWORKS[framework].package}.{part}"
        if not name:
            found.append(whole(module))
            continue
        found += [spelling for spelling in everything(module) if spelling.name == name]
    return found

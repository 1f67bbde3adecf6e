"""The requests to pick from, as data: each a step as on the tour, with what has to come before it.

Steps of the tour are taken from there. What a story makes, the page takes away again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from triptych.tour import TOUR, Kind, Step

ORIGIN = "https://reader.example"
"""The one other site that the demo's blog lets read its answers."""

SIGN_INS = 10
"""How often somebody may sign in within a minute: the blog's default."""


@dataclass(frozen=True)
class Story:
    """One request that tells something; `before` is sent first, and not shown.

    `why` is what the contract says of it.
    """

    slug: str
    chapter: str
    why: str
    step: Step
    before: tuple[Step, ...] = ()

    @property
    def title(self) -> str:
        return self.step.title


_TOUR = {step.title: step for chapter in TOUR for step in chapter.steps}
_POST: Mapping[str, Kind] = _TOUR["Publish, with If-Match"].varies
_DRAFT: Mapping[str, Kind] = _TOUR["Create a draft"].varies

_KEYED = replace(
    _TOUR["Create a draft"], headers={"Idempotency-Key": "{name}.{run}"}, title="Create a draft"
)
_PUBLISH = _TOUR["Publish, with If-Match"]
_FIRST_PAGE = _TOUR["The first page"]
_READ = _TOUR["Read it as a stranger"]
_PUBLISHED = (_KEYED, _PUBLISH)


def _get(title: str, path: str, status: int, **more: Any) -> Step:
    return Step(title=title, method="GET", path=path, status=status, **more)


STORIES = (
    Story(
        "home",
        "Reading",
        "The newest posts, public and cacheable. Every page costs the same, however deep.",
        _get("List the newest posts", "/api/posts?limit=2", 200),
    ),
    Story(
        "next-page",
        "Reading",
        "A cursor says where the page before ended. It is opaque, and an altered one is refused.",
        replace(_TOUR["The page after it"], title="Page through"),
        (_FIRST_PAGE,),
    ),
    Story(
        "search",
        "Reading",
        "A search finds words without regard to case and accents, in every script.",
        replace(_TOUR["Search without the accents"], title="Search without the accents"),
    ),
    Story(
        "not-modified",
        "Reading",
        "Whoever has the current version is told so, without the body.",
        replace(_TOUR["Read it again, if it has changed"], title="Read again, if it has changed"),
        (*_PUBLISHED, _READ),
    ),
    Story(
        "head",
        "Reading",
        "HEAD answers as GET without the body, Content-Length included.",
        replace(_TOUR["Only the head of a page"], title="Ask for the head only"),
    ),
    Story(
        "options",
        "Reading",
        "OPTIONS names the methods of a path.",
        Step(title="Ask what may be done", method="OPTIONS", path="/api/posts", status=204),
    ),
    Story(
        "range",
        "Reading",
        "Ranges are not served: the whole answer comes.",
        _get("Ask for the first bytes", "/api/posts?limit=1", 200, headers={"Range": "bytes=0-9"}),
    ),
    Story(
        "page",
        "Reading",
        "The pages for people are the same bytes too, from one set of templates.",
        _get("A page for people", "/login", 200),
    ),
    Story(
        "sign-up",
        "Writing",
        "A new user is answered whole, with a path and without the password.",
        replace(
            _TOUR["Sign up"],
            json={
                "username": "{newcomer}",
                "email": "{newcomer}@example.org",
                "password": "a quiet afternoon",
            },
            varies={"id": "id", "username": "name", "joined": "instant", "email": "email"},
        ),
    ),
    Story(
        "create",
        "Writing",
        "A post begins as a draft. The answer carries its path and its first tag.",
        replace(_KEYED, headers={}),
    ),
    Story(
        "publish",
        "Writing",
        "Publishing names the version it means; the tag changes with it.",
        replace(_PUBLISH, title="Publish a post"),
        (_KEYED,),
    ),
    Story(
        "null",
        "Writing",
        "In a PATCH what is absent stays, and null means something: no date, so a draft again.",
        Step(
            title="Take the date away",
            method="PATCH",
            path="/api/posts/{post}",
            token=True,
            headers={"If-Match": "{old}"},
            json={"pub_date": None},
            status=200,
            varies=_DRAFT,
        ),
        _PUBLISHED,
    ),
    Story(
        "idempotency",
        "Writing",
        "The same key by the same caller gives the stored answer again, on another framework too: "
        "each is sent what its neighbour was sent before.",
        replace(
            _TOUR["Send it once more, to another framework: no second post"],
            headers={"Idempotency-Key": "{name}.{run}"},
            title="Repeat a key on another framework",
        ),
        (_KEYED,),
    ),
    Story(
        "other-token",
        "Writing",
        "A token that one framework gave is good on the others: there is one database.",
        replace(
            _TOUR["Show another framework's token"],
            title="Show another framework's token",
        ),
    ),
    Story(
        "stale",
        "Refused",
        "Of two who edit one version, the later one is told, and nothing is lost.",
        replace(_TOUR["Edit from the version before that"], title="A stale edit"),
        _PUBLISHED,
    ),
    Story(
        "no-if-match",
        "Refused",
        "A change says which version it means, or it is not made.",
        replace(_TOUR["Publish without saying which version"], title="No If-Match"),
        (_KEYED,),
    ),
    Story(
        "not-yours",
        "Refused",
        "To a stranger a draft does not exist: the same answer as for an id that never was.",
        replace(_TOUR["Look for the draft as a stranger"], title="A draft that is not yours"),
        (_KEYED,),
    ),
    Story(
        "no-credentials",
        "Refused",
        "Missing credentials are 401, and the answer says which kind is wanted.",
        replace(_TOUR["Write without signing in"], title="Write without signing in"),
    ),
    Story(
        "forbidden",
        "Refused",
        "A public post of somebody else is seen, and not yours to change.",
        replace(_TOUR["Change what somebody else wrote"], title="Change what somebody else wrote"),
        (_TOUR["One author, in any capitals"],),
    ),
    Story(
        "wrong-method",
        "Refused",
        "A method that a path does not have is 405, with those that it has.",
        _TOUR["A wrong method"],
    ),
    Story(
        "trailing-slash",
        "Refused",
        "Another path is another path: nothing is redirected.",
        _TOUR["A trailing slash"],
    ),
    Story(
        "escaped-slash",
        "Refused",
        "An escaped slash is no slash.",
        _get("An escaped slash", "/api%2Fposts", 404),
    ),
    Story(
        "odd-id",
        "Refused",
        "An id out of form is a path that is not there, and no validation error.",
        _get("An id that is no number", "/api/posts/first", 404),
    ),
    Story(
        "malformed",
        "Refused",
        "What cannot be read is 400, before anything looks at its values.",
        _TOUR["Malformed JSON"],
    ),
    Story(
        "nan",
        "Refused",
        "NaN is no JSON, although Python's own reader takes it.",
        replace(_TOUR["Malformed JSON"], title="NaN", body='{"title": NaN}'),
    ),
    Story(
        "wrong-type",
        "Refused",
        "A body of another type is 415, and the answer says which is read.",
        _TOUR["A form instead of JSON"],
    ),
    Story(
        "unknown-field",
        "Refused",
        "What is understood but not valid is 422: each field by name, in the order of the schema.",
        replace(
            _TOUR["Values of the wrong kind"],
            title="An unknown field",
            json={"title": "Rain", "featured": True},
        ),
    ),
    Story(
        "wrong-values",
        "Refused",
        "Values are strict: a number is no text, and a date needs an offset.",
        _TOUR["Values of the wrong kind"],
    ),
    Story(
        "twice",
        "Refused",
        "Neither the first nor the last of two values counts.",
        _TOUR["A query parameter twice"],
    ),
    Story(
        "cross-site",
        "Kept out",
        "A form that another site's page sends is refused, by the headers browsers add themselves.",
        Step(
            title="A form from another site",
            method="POST",
            path="/login",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": "https://elsewhere.example",
                "Sec-Fetch-Site": "cross-site",
            },
            body="username=haruka&password=three+windows",
            status=403,
        ),
    ),
    Story(
        "preflight",
        "Kept out",
        "A script of a site on the list may ask; any other gets no permission.",
        Step(
            title="A CORS preflight",
            method="OPTIONS",
            path="/api/posts",
            headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"},
            status=204,
        ),
    ),
    Story(
        "cors-error",
        "Kept out",
        "Errors carry the CORS headers as well, so that a script can read what was wrong.",
        _get(
            "An error, to another site's script",
            "/api/posts/999999",
            404,
            headers={"Origin": ORIGIN},
        ),
    ),
    Story(
        "throttled",
        "Kept out",
        "Ten sign-ins a minute from one network, right or wrong; then when to try again.",
        Step(
            title="Guess a password for the eleventh time",
            method="POST",
            path="/api/tokens",
            json={"username": "{newcomer}", "password": "guess no. 11"},
            status=429,
            varies={":Retry-After": "seconds", ":RateLimit": "seconds"},
        ),
        tuple(
            Step(
                title=f"Guess {number}",
                method="POST",
                path="/api/tokens",
                json={"username": "{newcomer}", "password": f"guess no. {number}"},
                status=401,
            )
            for number in range(1, SIGN_INS + 1)
        ),
    ),
)

BY_SLUG = {story.slug: story for story in STORIES}
CHAPTERS = tuple(dict.fromkeys(story.chapter for story in STORIES))

PLANTED = {
    "absolute_location": "create",
    "content_type_422": "wrong-type",
    "cors_get_only": "preflight",
    "cors_missing_on_errors": "cors-error",
    "default_order_turned": "home",
    "draft_in_404_body": "not-yours",
    "duplicate_query_taken": "twice",
    "escaped_slash_decoded": "escaped-slash",
    "first_of_two_taken": "twice",
    "head_405": "head",
    "malformed_json_422": "malformed",
    "malformed_json_as_page": "malformed",
    "missing_credentials_403": "no-credentials",
    "missing_if_match_accepted": "no-if-match",
    "nan_crashes": "nan",
    "not_modified_lost": "not-modified",
    "number_taken_for_text": "wrong-values",
    "offset_for_z": "home",
    "other_sites_accepted": "cross-site",
    "patch_ignores_null": "null",
    "path_id_422": "odd-id",
    "range_answered": "range",
    "redirect_loses_method": "trailing-slash",
    "rfc_822_dates": "home",
    "slash_redirect": "trailing-slash",
    "sorted_keys": "home",
    "unknown_field_accepted": "unknown-field",
    "validation_400": "wrong-values",
    "vary_without_cookie": "home",
    "wrong_allow": "options",
}
"""Planted regressions that one of these requests shows, and which."""

"""Somebody who looks at the pages: keeps the cookie, fills forms as they stand, sends them.

visitor = Browser(client)
page = visitor.get("/login")
assert 303 == visitor.send(page.form("/login"), username="ada", password="…").status
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import html5lib

from blog_contract.client import Account, Client
from http_parity.exchange import Answer

FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"

SESSIONS_OF_OTHERS = [
    "t3zdqv9gkkd6qpwmkcd0ze4xvkixvhq6",
    "eyJfdXNlcl9pZCI6IjEifQ.aSJRZw.6s0yTQnD0qcJb6a3v9bq8XyQm4E",
    "2|1:0|10:1795305600|7:session|8:InVzZXIi|" + "0f" * 32,
    '"1:InVzZXIi:1tXyZ9:0f0f"',
]
"""What Django, Flask, Tornado and Django's signed cookies have for the value of a session."""


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and what it holds before anybody types."""

    method: str
    action: str
    fields: dict[str, str]
    buttons: tuple[tuple[str, str], ...]


class Screen:
    """An answer to a browser, and the document that a browser makes of it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.status = answer.status
        self.body = answer.body

    def header(self, name: str) -> str | None:
        return self.answer.header(name)

    @property
    def location(self) -> str:
        """Where a redirect leads; fails unless it is one without a body."""
        assert (303, b"") == (self.status, self.body), self.body
        location = self.header("Location")
        assert location is not None
        return location

    @cached_property
    def tree(self) -> Element:
        """Fails unless the page is HTML without a parse error."""
        assert self.header("Content-Type") == HTML
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        tree: Element = parser.parse(self.body, transport_encoding="utf-8")
        # A post may hold characters that HTML knows and discourages.
        wrong = [code for _, code, _ in parser.errors if code != "invalid-codepoint"]
        assert [] == wrong, self.body
        return tree

    @property
    def text(self) -> str:
        """What there is to read, blanks as one."""
        return text_of(self.tree)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Every element of this kind with these attributes."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}.items()
        return [
            each
            for each in self.tree.iter(tag)
            if all(each.get(name) == value for name, value in wanted)
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """The one element of this kind with these attributes; fails where there is none, or two."""
        (found,) = self.all(tag, **attributes)
        return found

    def links(self) -> list[str]:
        """Where the links of the page lead, in order."""
        return [each.get("href", "") for each in self.all("a")]

    def titles(self) -> list[str]:
        """The titles of the posts in the list of this page."""
        return [
            text_of(heading)
            for post in self.all("article")
            for heading in post.iter()
            if heading.tag in ("h2", "h3")
        ]

    def link(self, rel: str) -> str | None:
        """Where the link with this relation leads; None where there is none."""
        found = self.all("a", rel=rel)
        return found[0].get("href") if found else None

    def forms(self) -> list[Form]:
        return [_form(each) for each in self.all("form")]

    def form(self, action: str, button: str | None = None, **holding: str) -> Form:
        """The one form that goes there, has this button, and holds these fields."""
        (found,) = [
            form
            for form in self.forms()
            if form.action == action
            and (button is None or ("action", button) in form.buttons)
            and holding.items() <= form.fields.items()
        ]
        return found


class Browser:
    """One visitor, with the cookies that the site gave."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}

    def get(self, target: str, *headers: tuple[str, str]) -> Screen:
        return self.ask("GET", target, b"", [("Sec-Fetch-Site", "none"), *headers])

    def post(self, target: str, **fields: str) -> Screen:
        """Send these fields as a form of this site's."""
        return self.post_body(target, urlencode(fields).encode())

    def post_body(self, target: str, body: bytes, content_type: str | None = FORM) -> Screen:
        """Send a form that no browser made, from a page of this site."""
        fields = [("Sec-Fetch-Site", "same-origin")]
        if content_type is not None:
            fields.append(("Content-Type", content_type))
        return self.ask("POST", target, body, fields)

    def send(self, form: Form, button: str | None = None, **typed: str) -> Screen:
        """Press a button of a form with these fields typed over; fails where it has no such one."""
        assert form.method == "post"
        assert typed.keys() <= form.fields.keys()
        fields = {**form.fields, **typed}
        if button is not None:
            assert ("action", button) in form.buttons
            fields["action"] = button
        lines = {name: value.replace("\n", "\r\n") for name, value in fields.items()}
        return self.post(form.action, **lines)

    def ask(self, method: str, target: str, body: bytes, headers: list[tuple[str, str]]) -> Screen:
        """The answer to exactly these fields and the cookies; keeps the cookies it gives."""
        fields = list(headers)
        if self.cookies:
            jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            fields.append(("Cookie", jar))
        answer = self.client.request(method, target, headers=fields, body=body, content_type=None)
        for given in answer.header_values("Set-Cookie"):
            pair, _, attributes = given.partition(";")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return Screen(answer)

    def sign_in(self, account: Account) -> "Browser":
        """Sign in over the form; fails where that is refused."""
        form = self.get("/login").form("/login")
        sent = self.send(form, username=account.username, password=account.password)
        assert "/" == sent.location
        return self

    @property
    def session(self) -> str:
        """The value of the session cookie."""
        (value,) = self.cookies.values()
        return value

    @property
    def cookie(self) -> tuple[str, str]:
        """The field that sends the session."""
        ((name, value),) = self.cookies.items()
        return "Cookie", f"{name}={value}"


class SignedIn(Protocol):
    """Opens a browser in which this account is signed in."""

    def __call__(self, account: Account) -> Browser: ...


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _form(element: Element) -> Form:
    fields, buttons = {}, []
    for each in element.iter():
        name = each.get("name")
        if name is None:
            continue
        if each.tag == "input":
            fields[name] = each.get("value", "")
        elif each.tag == "textarea":
            fields[name] = each.text or ""
        elif each.tag == "button":
            buttons.append((name, each.get("value", "")))
    method = element.get("method", "get").lower()
    return Form(method, element.get("action", ""), fields, tuple(buttons))


def assert_harmless(screen: Screen) -> None:
    """Fail where the page could run or load anything that is not this site's own."""
    for element in screen.tree.iter():
        assert element.tag not in FOREIGN, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (element.tag, name)
            assert name not in ("style", "srcdoc", "formaction"), (element.tag, name)
            if name in ("href", "src", "action", "xlink:href"):
                scheme, colon, _ = value.strip().partition(":")
                if colon and not set(scheme) & set("/?#"):
                    assert scheme.lower() in ("http", "https", "mailto"), value
        if element.tag in ("img", "link", "form"):
            where = element.get("src") or element.get("href") or element.get("action") or ""
            assert where.startswith("/"), where
            assert not where.startswith("//"), where


FOREIGN = frozenset(
    ("script", "style", "iframe", "object", "embed", "base", "svg", "math", "noscript", "frame")
)
"""Elements that no page of the blog has, because they could run, load or rename things."""

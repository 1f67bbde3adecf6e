"""Sequences of requests made up from an OpenAPI document and from what the answers hold.

    generator = Generator(document, seed=1)
    walk = generator.walk(0)
    step = walk.next(None)

Nobody tells it what belongs together. That an `id` in the answer to POST /posts is what `{id}` in
GET /posts/{id} wants, that a `token` is a credential, that sign-in wants what was sent on sign-up,
that an ETag goes into If-Match and a link can be followed: it goes by names, by paths, by the links
of the document, and by what the targets accepted before. Every value that came from an answer
stands in the step as a reference, so that each target gets back its own.
"""

import base64
import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from random import Random
from typing import Any

from http_parity.drafts import BOUNDARY, Draft, Filled, escaped, joined, latin
from http_parity.hostile import mutate
from http_parity.openapi import Document, Operation, Parameter, Scheme
from http_parity.schemas import boundaries, valid
from http_parity.sequence import Exchange, Reference, Sequence, Step, Text

TOKEN_NAME = re.compile(
    r"(access|auth|bearer|api|session|id)?(token|key|jwt|secret)|jwt|session(id)?"
)
GENERIC = frozenset({"id", "uuid", "guid", "pk", "key", "slug", "name", "number", "code", "ref"})
WRAPPERS = frozenset({"data", "results", "items", "result", "item", "records", "value", "content"})
NAMES = frozenset({"username", "user", "login", "email", "name", "account", "handle"})
URL = re.compile(r"(?:https?://[^/?#\s]+)?(/[^\s\"<>]*)")
ORIGIN = r"^(?:[a-z]+://[^/?#]+)?"
LEAVES = 60
WALK_LIMIT = 14


@dataclass(frozen=True)
class Value:
    """Something that can be sent again: where it came from, and how it is written."""

    name: str
    path: str
    """The path template of the operation it came from."""
    parent: str
    """The member that holds it, where that is an object inside of another one."""
    text: Text
    quoted: bool
    step: int
    created: bool = False
    """Whether it is in the answer to a POST."""
    ready: bool = False
    """Whether it is escaped already: a part of a URL."""


@dataclass(frozen=True)
class Account:
    """What a client sent to introduce itself: literal values by name."""

    operation: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Tag:
    """An ETag, of what was asked for with these path parameters."""

    text: Text
    path: str
    parameters: tuple[Text, ...]
    step: int


class Generator:
    """Makes walks, and remembers from one to the next what led where."""

    def __init__(
        self,
        document: Document,
        seed: int,
        *,
        headers: Many[tuple[str, str]] = (),
        known: Many[Mapping[str, str]] = (),
        wire: bool = True,
        repeatable: bool = True,
    ) -> None:
        self.document = document
        self.seed = seed
        self.headers = headers
        self.known = known
        self.wire = wire
        self.repeatable = repeatable
        self.reached: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.wants_credentials: set[str] = set()
        self.wants_tag: set[str] = set()
        self.by_name = {operation.name: operation for operation in document.operations}
        self.templates = [
            (operation, re.compile(_template(operation.path) + r"(?:\?.*)?$"))
            for operation in document.operations
        ]
        self.bodies = {
            operation.name: _body(document, operation) for operation in document.operations
        }
        self.sources: Counter[str] = Counter()
        """How often an operation answered with a credential."""
        for operation in document.operations:
            if self.gives_token(operation):
                self.sources[operation.name] = 1
        self.accounts = {
            operation.name: self._account_sources(operation) for operation in document.operations
        }

    def walk(self, number: int) -> "Walk":
        """The walk of this number; the same for the same seed and the same answers."""
        return Walk(self, Random(f"{self.seed}:{number}"))  # noqa: S311 # repeatable, not secret

    def gives_token(self, operation: Operation) -> bool:
        """Whether a success is documented to hold something that reads like a credential."""
        for status, schema in operation.answers.items():
            if status.startswith("2") and operation.method == "POST":
                properties = self.document.resolved(schema).get("properties") or {}
                if any(TOKEN_NAME.fullmatch(plain(name)) for name in properties):
                    return True
        return False

    def properties(self, operation: Operation) -> dict[str, Any]:
        """The members that the operation's body may have."""
        found: dict[str, Any] = self.bodies[operation.name][1].get("properties") or {}
        return found

    def required(self, operation: Operation) -> set[str]:
        """The members that the operation's body must have."""
        return set(self.bodies[operation.name][1].get("required") or ())

    def _account_sources(self, operation: Operation) -> list[str]:
        """Who takes all that this operation wants to know of a caller, and more: sign-up."""
        wanted = {plain(name) for name in self.properties(operation)}
        if operation.method != "POST" or not any("password" in name for name in wanted):
            return []
        if not wanted & NAMES:
            return []
        return [
            other.name
            for other in self.document.operations
            if other.method == "POST"
            and other.name != operation.name
            and wanted < {plain(name) for name in self.properties(other)}
        ]

    def weight(self, operation: Operation) -> float:
        """The less an operation has succeeded, the more it is wanted; never nothing."""
        reached, tried = self.reached[operation.name], self.tried[operation.name]
        return 0.15 + 1 / (1 + reached / 10) / (1 + max(0, tried - 20 * (reached + 1)) / 50)


class Walk:
    """One sequence in the making, step by step as the reference answers."""

    def __init__(self, generator: Generator, random: Random) -> None:
        self._of = generator
        self._random = random
        self._values: list[Value] = []
        self._tokens: list[tuple[Text, int]] = []
        self._jar: dict[str, Text] = {}
        self._tags: list[Tag] = []
        self._accounts: list[Account] = []
        self._urls: list[tuple[Operation, Text]] = []
        self._drafts: list[Draft] = []
        self.steps: list[Step] = []
        for known in generator.known:
            self._remember(known)
        self._probe = random.random() < 0.3
        self._left = random.choice((1, 1, 2)) if self._probe else random.choice((1, 2, 3, 4, 6, 8))
        goal = self._choose()
        self._plan = (
            self._planned(goal) if not self._probe or random.random() < 0.3 else [goal.name]
        )

    def _remember(self, known: Mapping[str, str]) -> None:
        names = {plain(name): value for name, value in known.items()}
        if any("password" in name for name in names):
            self._accounts.append(Account("", names))
        for name, value in names.items():
            if TOKEN_NAME.fullmatch(name):
                self._tokens.append(((value,), -1))
            elif "password" not in name:
                self._values.append(Value(name, "", "", (latin(value),), True, -1))

    # --- what is asked next ----------------------------------------------------------------------

    def next(self, last: Exchange | None) -> Step | None:
        """The next step, given what came of the last one; None at the end."""
        if last is not None:
            self._absorb(last)
        if len(self.steps) >= WALK_LIMIT or (not self._plan and not self._left):
            return None
        chance = self._random.random()
        draft: Draft
        if self._plan:
            draft = self._draft(self._of.by_name[self._plan.pop(0)])
            hostile = 0.5 if self._probe else 0.03 if self._plan else 0.25
        else:
            self._left -= 1
            hostile = 0.5 if self._probe else 0.3
            if self.steps and chance < 0.08:
                return self._say(self._again(self._random.randrange(len(self.steps))))
            if self._urls and chance < 0.2:
                draft = self._followed()
            elif self._drafts and chance < 0.45:
                draft = self._look()
            else:
                draft = self._draft(self._choose())
        if self._random.random() < hostile:
            schema = self._of.bodies.get(draft.operation, ("", {}))[1]
            mutate(self._random, draft, self._of.document, schema, wire=self._of.wire)
        return self._say(draft)

    def _say(self, draft: Draft) -> Step:
        for name, value in self._of.headers:
            if not any(one.lower() == name.lower() for one, _ in draft.headers):
                draft.headers.append((name, (latin(value),)))
        step = draft.step()
        self._drafts.append(draft)
        self.steps.append(step)
        return step

    def _again(self, number: int) -> Draft:
        return _copy(self._drafts[number])

    def _look(self) -> Draft:
        """Ask again for what an earlier request was about, or for the list it is in."""
        last = (
            self._drafts[-1] if self._random.random() < 0.6 else self._random.choice(self._drafts)
        )
        operation = self._of.by_name.get(last.operation)
        if operation is None:
            return self._draft(self._choose())
        near = [
            other
            for other in self._of.document.operations
            if operation.path.startswith(other.path) or other.path.startswith(operation.path)
        ]
        chosen = self._random.choice(near)
        draft = self._draft(chosen)
        if self._random.random() < 0.7:
            for name, value in last.parameters.items():
                if value and name in draft.parameters:
                    draft.path = _path(chosen, {**draft.parameters, name: value})
                    draft.parameters = {**draft.parameters, name: value}
        return draft

    def _followed(self) -> Draft:
        operation, target = self._random.choice(self._urls[-4:])
        draft = self._draft(operation)
        # The reference holds the whole target, but for the slash it begins with.
        draft.path, draft.query, draft.parameters = [target], [], {}
        return draft

    def _choose(self) -> Operation:
        operations = self._of.document.operations
        weights = [self._of.weight(one) * self._ready(one) for one in operations]
        return self._random.choices(operations, weights)[0]

    def _ready(self, operation: Operation) -> float:
        if not self.steps:
            return 1.0
        ready = 1.0
        if self._needs_token(operation) and not self._tokens and not self._jar:
            ready *= 0.2
        for parameter in operation.of("path"):
            ready *= 2.0 if self._candidates(operation, parameter, 2.0) else 0.3
        return ready

    def _needs_token(self, operation: Operation) -> bool:
        return (
            bool(operation.security) and all(operation.security)
        ) or operation.name in self._of.wants_credentials

    def _planned(self, goal: Operation) -> list[str]:
        """The operations that are to come first, so that the goal has what it needs, then it."""
        plan: list[str] = []
        self._needs(goal, plan, 0, set())
        return plan

    def _needs(self, operation: Operation, plan: list[str], depth: int, seen: set[str]) -> None:
        if depth < 6 and operation.name not in seen:
            seen = {*seen, operation.name}
            if self._needs_token(operation) and not self._tokens:
                self._first(list(self._of.sources), plan, depth, seen, self._of.sources)
            for parameter in operation.of("path"):
                if not self._candidates(operation, parameter, 2.0):
                    self._first(self._makers(operation, parameter), plan, depth, seen)
            if not self._accounts:
                self._first(self._of.accounts[operation.name], plan, depth, seen)
        plan.append(operation.name)

    def _first(
        self,
        names: list[str],
        plan: list[str],
        depth: int,
        seen: set[str],
        weights: Mapping[str, int] | None = None,
    ) -> None:
        names = [name for name in names if name not in seen]
        if not names or any(name in plan for name in names):
            return
        counts = [1 + (weights[name] if weights else 0) for name in names]
        chosen = self._random.choices(names, counts)[0]
        self._needs(self._of.by_name[chosen], plan, depth + 1, seen)

    def _makers(self, operation: Operation, parameter: Parameter) -> list[str]:
        """Operations whose answers should hold what the parameter wants: POST on the collection."""
        before = operation.path.partition("{" + parameter.name + "}")[0].rstrip("/")
        posts = [f"POST {before}", f"POST {before}/"]
        found = [name for name in posts if name in self._of.by_name]
        if found:
            return found
        lists = [f"PUT {before}", f"GET {before}", f"GET {before}/"]
        return [name for name in lists if name in self._of.by_name]

    # --- a request -------------------------------------------------------------------------------

    def _draft(self, operation: Operation) -> Draft:
        random = self._random
        parameters = {
            parameter.name: self._path_value(operation, parameter)
            for parameter in operation.of("path")
        }
        draft = Draft(
            operation.method,
            _path(operation, parameters),
            operation.name,
            parameters=parameters,
        )
        for parameter in operation.of("query"):
            if parameter.required or random.random() < 0.25:
                draft.query.append((_written(parameter.name), self._query_value(parameter)))
        for parameter in operation.of("header"):
            name = parameter.name
            if name.lower() in {"authorization", "content-type", "accept"}:
                continue
            if name.lower() == "if-match":
                self._of.wants_tag.add(operation.name)
            elif parameter.required or random.random() < 0.2:
                draft.headers.append((name, self._header_value(parameter)))
        self._add_body(operation, draft)
        self._add_credentials(operation, draft)
        self._add_tag(operation, draft)
        return draft

    def _path_value(self, operation: Operation, parameter: Parameter) -> Text:
        random = self._random
        candidates = self._candidates(operation, parameter, 0.1)
        if candidates and random.random() < 0.93:
            weights = [score * (1 + number) for number, (score, _) in enumerate(candidates)]
            value = random.choices([value for _, value in candidates], weights)[0]
            return value.text if value.ready else _escaped(value.text)
        made = valid(self._of.document, parameter.schema, random)
        return _written(made if isinstance(made, str) else json.dumps(made)) or ("x",)

    def _candidates(
        self, operation: Operation, parameter: Parameter, at_least: float
    ) -> list[tuple[float, Value]]:
        before = operation.path.partition("{" + parameter.name + "}")[0].rstrip("/")
        found = []
        for value in self._values:
            score = _score(parameter.name, before, value)
            if score >= at_least:
                found.append((score, value))
        return found[-30:]

    def _query_value(self, parameter: Parameter) -> Text | None:
        random = self._random
        same = [one for one in self._values if one.name == plain(parameter.name)]
        ready = [one for one in same if one.ready]
        if same and random.random() < (0.8 if ready else 0.4):
            value = random.choice(ready or same)
            return value.text if value.ready else _escaped(value.text)
        if random.random() < 0.15:
            return _written(boundaries(self._of.document, parameter.schema, random))
        return _written(valid(self._of.document, parameter.schema, random))

    def _header_value(self, parameter: Parameter) -> Text:
        sent = [
            value
            for draft in self._drafts
            for name, value in draft.headers
            if name.lower() == parameter.name.lower()
        ]
        if sent and self._random.random() < 0.4:
            return self._random.choice(sent)
        made = valid(self._of.document, parameter.schema, self._random)
        text = made if isinstance(made, str) else json.dumps(made)
        return (re.sub(r"[\r\n\0]", " ", latin(text)).strip(),)

    def _add_body(self, operation: Operation, draft: Draft) -> None:
        media, schema = self._of.bodies[operation.name]
        random = self._random
        if not media:
            return
        draft.json = valid(self._of.document, schema, random)
        draft.media = media
        kind = f"{media}; boundary={BOUNDARY}" if media.startswith("multipart/") else media
        draft.headers.append(("Content-Type", (kind,)))
        if not isinstance(draft.json, dict):
            return
        account = self._account_for(operation)
        for name in list(draft.json):
            if account is not None:
                known = _of_account(account, plain(name))
                if known is not None:
                    draft.json[name] = known
                    continue
            same = [one for one in self._values if one.name == plain(name) and not one.ready]
            mine = any(one.path == operation.path for one in same)
            chance = 0.6 if plain(name).endswith("id") else 0.2 if mine else 0.08
            if same and random.random() < chance:
                value = random.choice(same)
                draft.json[name] = _member(value)
            elif not same and plain(name).endswith("id"):
                of_it = self._by_collection(name)
                if of_it is not None:
                    draft.json[name] = _member(of_it)

    def _by_collection(self, name: str) -> Value | None:
        """The `id` of what a member such as `post_id` names."""
        wanted = plain(name).removesuffix("id")
        for value in reversed(self._values):
            last = [part for part in value.path.split("/") if part and "{" not in part][-1:]
            if value.name == "id" and last and _singular(plain(last[0])) == wanted:
                return value
        return None

    def _account_for(self, operation: Operation) -> Account | None:
        names = {plain(name) for name in self._of.properties(operation)}
        if not any("password" in name for name in names) or not self._accounts:
            return None
        required = {plain(name) for name in self._of.required(operation)} or names
        fitting = [
            account
            for account in self._accounts
            if account.operation != operation.name
            and all(_of_account(account, name) is not None for name in required)
        ]
        chance = 0.93 if fitting else 0.1
        if self._random.random() > chance:
            return None
        choice = fitting or self._accounts
        return choice[-1] if self._random.random() < 0.6 else self._random.choice(choice)

    def _add_credentials(self, operation: Operation, draft: Draft) -> None:
        random = self._random
        if self._jar and random.random() < 0.85:
            pieces: list[str | Reference] = []
            for name, value in self._jar.items():
                pieces += ("; " if pieces else "", f"{name}=", *value)
            draft.headers.append(("Cookie", joined(pieces)))
        chance = 0.96 if self._needs_token(operation) else 0.45
        if random.random() > chance:
            return
        alternatives = [one for one in operation.security if one]
        if not alternatives:
            if self._tokens and (
                operation.name in self._of.wants_credentials or not self._of.document.schemes
            ):
                draft.headers.append(("Authorization", joined(("Bearer ", *self._token()))))
            return
        for name in random.choice(alternatives):
            if name in self._of.document.schemes:
                self._introduce(self._of.document.schemes[name], draft)

    def _introduce(self, scheme: Scheme, draft: Draft) -> None:
        """Put the newest credential, or another one, where the scheme wants it."""
        if scheme.kind == "basic":
            if self._accounts:
                draft.headers.append(("Authorization", (_basic(self._accounts[-1]),)))
            return
        if not self._tokens:
            return
        token = self._token()
        match scheme.kind:
            case "bearer":
                draft.headers.append(("Authorization", joined(("Bearer ", *token))))
            case "header":
                draft.headers.append((scheme.name, token))
            case "query":
                draft.query.append((_written(scheme.name), _escaped(token)))
            case "cookie" if not any(one == "Cookie" for one, _ in draft.headers):
                draft.headers.append(("Cookie", joined((f"{scheme.name}=", *token))))

    def _token(self) -> Text:
        if self._random.random() < 0.7:
            return self._tokens[-1][0]
        return self._random.choice(self._tokens)[0]

    def _add_tag(self, operation: Operation, draft: Draft) -> None:
        random = self._random
        field = "If-Match"
        if operation.method in {"GET", "HEAD"}:
            if random.random() > 0.12:
                return
            field = "If-None-Match"
        elif operation.name in self._of.wants_tag:
            if random.random() > 0.97:
                return
        elif operation.method not in {"PUT", "PATCH", "DELETE"} or random.random() > 0.4:
            return
        mine = [tag for tag in self._tags if self._about(tag, draft)]
        chance = random.random()
        if mine and chance < 0.8:
            draft.headers.append((field, mine[-1].text))
        elif self._tags and chance < 0.9:
            draft.headers.append((field, random.choice(self._tags).text))
        elif operation.name in self._of.wants_tag and chance < 0.97:
            draft.headers.append((field, ("*",)))

    @staticmethod
    def _about(tag: Tag, draft: Draft) -> bool:
        """Whether the tag came with an answer about what the draft is about."""
        wanted = tuple(draft.parameters.values())
        if tag.parameters == wanted:
            return True
        return any(
            isinstance(piece, Reference) and piece.step == tag.step
            for text in wanted
            for piece in text
        )

    # --- what the answers hold -------------------------------------------------------------------

    def _absorb(self, exchange: Exchange) -> None:
        number = len(self.steps) - 1
        draft, answer = self._drafts[number], exchange.answer
        operation = self._of.by_name.get(draft.operation)
        if answer is None or operation is None:
            return
        self._of.tried[operation.name] += 1
        good = 200 <= answer.status < 300
        if draft.method != operation.method:
            return
        if answer.status == 401 and not any(name == "Authorization" for name, _ in draft.headers):
            self._of.wants_credentials.add(operation.name)
        if answer.status == 428:
            self._of.wants_tag.add(operation.name)
        if not good and answer.status not in {302, 303}:
            return
        self._of.reached[operation.name] += 1
        self._absorb_sent(operation, draft)
        for name in ("Location", "Content-Location"):
            for value in answer.header_values(name):
                self._absorb_url(value, number, f"header:{name.lower()}")
        if len(answer.header_values("ETag")) == 1:
            tag = Tag(
                (Reference(number, "header:etag"),),
                operation.path,
                tuple(draft.parameters.values()),
                number,
            )
            self._tags.append(tag)
        for cookie in answer.header_values("Set-Cookie"):
            name = cookie.partition("=")[0].strip()
            if re.fullmatch(r"[\w.-]+", name):
                self._jar[name] = (Reference(number, f"cookie:{name}"),)
        if answer.body[:1] in (b"{", b"[") and len(answer.body) < 200_000:
            try:
                document = json.loads(answer.body)
            except (ValueError, RecursionError):
                return
            self._count = 0
            self._absorb_json(document, "", "", "", operation, number)

    def _absorb_sent(self, operation: Operation, draft: Draft) -> None:
        if not isinstance(draft.json, dict) or draft.raw is not None:
            return
        plain_values = {
            plain(name): value for name, value in draft.json.items() if isinstance(value, str)
        }
        if any("password" in name for name in plain_values) and set(plain_values) & NAMES:
            self._accounts.append(Account(operation.name, plain_values))
        number = len(self.steps) - 1
        for name, value in plain_values.items():
            if value and len(value) < 200 and "password" not in name:
                self._values.append(Value(name, operation.path, "", (latin(value),), True, number))

    def _absorb_json(  # noqa: PLR0917 # a place in a tree, and whose
        self, tree: Any, pointer: str, parent: str, name: str, operation: Operation, number: int
    ) -> None:
        if self._count > LEAVES:
            return
        match tree:
            case dict():
                inner = "" if name in WRAPPERS or not pointer else name
                for key, value in tree.items():
                    where = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
                    self._absorb_json(value, where, inner, plain(key), operation, number)
            case list():
                for index, value in enumerate(tree[:3]):
                    where = f"{pointer}/{index}"
                    self._absorb_json(value, where, "", "items", operation, number)
            case bool() | None | float():
                pass
            case int() | str():
                self._count += 1
                self._absorb_leaf(tree, pointer, parent, name, operation, number)

    def _absorb_leaf(  # noqa: PLR0917 # same
        self,
        leaf: int | str,
        pointer: str,
        parent: str,
        name: str,
        operation: Operation,
        number: int,
    ) -> None:
        source = f"body:{pointer}"
        quoted = isinstance(leaf, str)
        if isinstance(leaf, str):
            if TOKEN_NAME.fullmatch(name) and len(leaf) >= 8:
                self._tokens.append(((Reference(number, source),), number))
                self._of.sources[operation.name] += 1
                return
            if (leaf.startswith("/") or "://" in leaf[:9]) and URL.fullmatch(leaf):
                self._absorb_url(leaf, number, source)
                return
            if not leaf or len(leaf) > 200:
                return
        text: Text = (Reference(number, source, "json" if quoted else ""),)
        created = operation.method == "POST"
        self._values.append(Value(name, operation.path, parent, text, quoted, number, created))

    def _absorb_url(self, url: str, number: int, source: str) -> None:
        """The operations that the URL is for: it can be followed, and its parts used."""
        match = URL.match(url)
        if match is None:
            return
        path = match[1]
        for operation, template in self._of.templates:
            found = template.match(path)
            if found is None:
                continue
            if operation.method == "GET":
                target = Reference(number, source, "", ORIGIN + "/(.*)$")
                self._urls.append((operation, (target,)))
            names = re.findall(r"{([^{}]*)}", operation.path)
            for at, name in enumerate(names):
                pattern = _template(operation.path, at)
                before = operation.path.partition("{" + name + "}")[0].rstrip("/")
                text: Text = (Reference(number, source, "", ORIGIN + pattern),)
                value = Value(plain(name), before, "", text, True, number, ready=True)
                if value not in self._values:
                    self._values.append(value)
            for parameter in operation.of("query"):
                pattern = rf"[?&]{re.escape(parameter.name)}=([^&#]*)"
                if re.search(pattern, path):
                    text = (Reference(number, source, "", pattern),)
                    name = plain(parameter.name)
                    self._values.append(Value(name, "", "", text, True, number, ready=True))


def strategy_sequences(strategy: Any, count: int, seed: int) -> list[Sequence]:
    """So many sequences drawn from a Hypothesis strategy of a `Step` or a `Sequence`."""
    import hypothesis  # noqa: PLC0415 # only who brings strategies needs it
    from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415 # same

    found: list[Sequence] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=max(1, count),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def draw(drawn: Step | Sequence) -> None:
        found.append((drawn,) if isinstance(drawn, Step) else tuple(drawn))

    run: Callable[[], None] = draw
    run()
    return found


@functools.lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """The name without regard to case, hyphens and underscores."""
    return re.sub("[^a-z0-9]", "", name.lower())


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _score(parameter: str, before: str, value: Value) -> float:
    """How well a value fits a parameter of a path, which begins with `before`."""
    wanted, collection, names = _names_of(parameter, before)
    if value.parent:
        if _singular(value.parent) == collection and value.name in names:
            return 2.5
        return 1.0 if value.name == wanted and wanted not in GENERIC else 0.0
    if value.name not in names:
        return 0.0
    if value.path == before or value.path.startswith(before + "/"):
        return 5.0 if value.created else 3.0
    return 0.1 if value.name in GENERIC else 2.0


@functools.lru_cache(maxsize=4096)
def _names_of(parameter: str, before: str) -> tuple[str, str, frozenset[str]]:
    """The parameter's name, what its collection holds, and the names that mean it there."""
    wanted = plain(parameter)
    last = [part for part in before.split("/") if part and "{" not in part][-1:]
    collection = _singular(plain(last[0])) if last else ""
    return (
        wanted,
        collection,
        frozenset({wanted, wanted.removeprefix(collection), collection + wanted}),
    )


def _template(path: str, captured: int = -1) -> str:
    """The path template as a regular expression, with one group for the parameter `captured`."""
    parts = re.split(r"{[^{}]*}", path)
    made = re.escape(parts[0])
    for number, part in enumerate(parts[1:]):
        made += ("([^/?#]+)" if number == captured else "[^/?#]+") + re.escape(part)
    return made + (r"(?:[?#].*)?$" if captured >= 0 else "")


def _path(operation: Operation, parameters: Mapping[str, Text]) -> list[Text]:
    segments: list[Text] = []
    for segment in operation.path.removeprefix("/").split("/"):
        pieces: list[str | Reference] = []
        for at, part in enumerate(re.split(r"{([^{}]*)}", segment)):
            pieces += parameters[part] if at % 2 else (part,)
        segments.append(joined(pieces))
    return segments


def _member(value: Value) -> Any:
    """The value as it stands in a JSON body."""
    first = value.text[0]
    if len(value.text) == 1 and isinstance(first, str):
        return first.encode("latin-1").decode("utf-8", "replace")
    return Filled(value.text, value.quoted)


def _written(value: Any) -> Text:
    if isinstance(value, list):
        value = ",".join(one if isinstance(one, str) else json.dumps(one) for one in value)
    return joined((escaped(value if isinstance(value, str) else json.dumps(value)),))


def _escaped(text: Text) -> Text:
    return joined(
        [
            Reference(one.step, one.source, "url", one.pattern)
            if isinstance(one, Reference)
            else escaped(one.encode("latin-1").decode("utf-8", "replace"))
            for one in text
        ]
    )


def _copy(draft: Draft) -> Draft:
    return type(draft)(
        draft.method,
        list(draft.path),
        draft.operation,
        list(draft.query),
        list(draft.headers),
        draft.json,
        draft.media,
        draft.raw,
        dict(draft.parameters),
    )


def _of_account(account: Account, name: str) -> str | None:
    """What the account has for the member; its password for `current_password` as well."""
    if name in account.values:
        return account.values[name]
    if name in {"currentpassword", "oldpassword", "password"}:
        return next((value for key, value in account.values.items() if "password" in key), None)
    if name in {"username", "login", "user"}:
        return next((account.values[key] for key in sorted(NAMES) if key in account.values), None)
    return None


def _basic(account: Account) -> str:
    name = _of_account(account, "username") or ""
    password = _of_account(account, "password") or ""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _body(document: Document, operation: Operation) -> tuple[str, dict[str, Any]]:
    """The media type that is sent and its schema; an empty one where there is no body."""
    for wanted in ("json", "x-www-form-urlencoded", "multipart/form-data", ""):
        for media, schema in operation.bodies:
            if wanted in media:
                return media, document.resolved(schema)
    return "", {}

"""A plugin of pytest that keeps every secret the contract suite sends or is given, a line each.

    pytest -p tests.recording --recorded FILE --pyargs blog_contract --target ...

`tests/leaks.py` then looks for them in what the run left behind. What the suite also sends as a
part of a path is no secret: it tries user names and long runs of one letter as passwords too.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from blog_contract import plugin
from http_parity.exchange import Answer, Request
from http_parity.targets import Target

_IN_BODIES = re.compile(
    rb'"(?:password|current_password|new_password|token|access_token)":"([^"\\]{8,})"'
)
_COOKIE = re.compile(r"session=([A-Za-z0-9_-]{20,})")
_BEARER = re.compile(r"(?i)bearer ([A-Za-z0-9_-]{20,})")


def secrets_of(fields: Any, body: bytes) -> set[str]:
    """The passwords, tokens, cookies and keys in a message."""
    found = {match.decode("latin-1") for match in _IN_BODIES.findall(body)}
    for name, value in fields:
        found |= {*_COOKIE.findall(value), *_BEARER.findall(value)}
        if name.lower() == "idempotency-key" and len(value) > 8:
            found.add(value)
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recorded", type=Path, required=True)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    recorded: Path = config.getoption("--recorded")
    seen: set[str] = set()
    paths: set[str] = set()
    opened = vars(plugin)["open_target"]

    def recording(*given: Any) -> Target:
        target: Target = opened(*given)
        send = target.send

        def keep(request: Request, *, defaults: bool = True) -> Answer:
            answer = send(request, defaults=defaults)
            new = secrets_of(request.headers, request.body)
            new |= secrets_of(answer.headers, answer.body)
            seen.update(new)
            paths.add(request.target.partition("?")[0])
            return answer

        target.send = keep  # type: ignore[method-assign] # around the one that is there
        return target

    def write() -> None:
        public = "\n".join(paths)
        with recorded.open("a", encoding="utf-8") as file:
            file.writelines(f"{secret}\n" for secret in seen if secret not in public)

    config.add_cleanup(write)
    setattr(plugin, "open_target", recording)  # noqa: B010 # it is imported there, not exported

"""Check, before anything is timed, that a target answers what it is measured for."""

import json
from pathlib import Path
from typing import Any

from bench import data
from bench.load import WrongAnswerError, ask
from bench.targets import CREDENTIALS, NEW_POST, PAGE, USERNAME, Target, request

_FIELDS = {
    "id", "title", "content", "pub_date", "status", "author", "created", "updated", "version",
}  # fmt: skip


def sign_in(target: Target, port: int) -> str:
    """A token of the bench's user, fetched as a client would.

    Raises WrongAnswerError when there is none.
    """
    answer = _json(target, port, request("POST", target.tokens, CREDENTIALS), 201)
    _require(isinstance(answer.get("token"), str) and len(answer["token"]) >= 32, target, answer)
    return str(answer["token"])


def check_reads(target: Target, port: int, database: Path | str) -> None:
    """Try the list and a single post.

    Raises WrongAnswerError when an answer is not what the database holds.
    """
    status, body = ask(port, request("GET", target.posts))
    _require(status == 200, target, body)
    newest = data.published(database, limit=PAGE)
    posts = results(target, body)
    _require([post["id"] for post in posts] == newest, target, posts)
    for post in posts:
        _require(_plausible(post), target, post)
    one = _json(target, port, request("GET", target.post(newest[-1])), 200)
    _require(_plausible(one) and one["title"] == posts[-1]["title"], target, one)


def check_create(target: Target, port: int, database: Path | str, token: str) -> None:
    """Try creating a post, with the token and with one that nobody has.

    Raises WrongAnswerError when an answer is not what the database holds.
    """
    new = _json(target, port, request("POST", target.posts, NEW_POST, token), 201)
    _require(_plausible(new), target, new)
    _require(new["content"].strip() == json.loads(NEW_POST)["content"].strip(), target, new)
    _require(new["author"]["username"] == USERNAME, target, new)
    _require(new["id"] in data.published(database), target, new)
    refused, body = ask(port, request("POST", target.posts, NEW_POST, "x" * 43))
    _require(refused == 401, target, body)


def results(target: Target, body: bytes) -> list[dict[str, Any]]:
    """The posts of a page."""
    page = json.loads(body)
    return list(page if target.bare_list else page["results"])


def _plausible(post: dict[str, Any]) -> bool:
    return (
        post.keys() >= _FIELDS
        and post["status"] == "published"
        and post["author"].keys() >= {"id", "username"}
        and len(post["content"]) > 100
    )


def _json(target: Target, port: int, sent: bytes, expected: int) -> dict[str, Any]:
    status, body = ask(port, sent)
    _require(status == expected, target, body)
    answer: dict[str, Any] = json.loads(body)
    return answer


def _require(holds: bool, target: Target, answer: object) -> None:
    if not holds:
        text = answer[:600] if isinstance(answer, bytes) else str(answer)[:600]
        raise WrongAnswerError(f"{target.name} does not answer as it should: {text!r}")

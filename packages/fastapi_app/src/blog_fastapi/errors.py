"""Failures as answers, and how each operation is described."""

from typing import Any, TypedDict

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from blog_core.domain.errors import BlogError
from blog_core.http import documents, problems, requests
from blog_core.http.operations import BY_NAME
from blog_core.http.replies import Reply
from blog_core.http.requests import ASKED, Asked


class Described(TypedDict):
    operation_id: str
    summary: str
    status_code: int
    responses: dict[int | str, dict[str, Any]]


def described(name: str) -> Described:
    """An operation's name in the document, the status of a success and what else it answers."""
    operation = BY_NAME[name]
    problem = {"content": {documents.PROBLEM_TYPE: {"schema": documents.PROBLEM_REF}}}
    return {
        "operation_id": name,
        "summary": documents.summary(name),
        "status_code": operation.success,
        "responses": {
            status: {"description": problems.TITLES[status], **problem}
            for status in documents.error_statuses(operation)
        },
    }


def send(reply: Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers))


def install(app: FastAPI) -> None:
    app.add_exception_handler(BlogError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BlogError)  # noqa: S101 # what the handler was added for
    return send(problems.of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 # what the handler was added for
    asked: Asked = request.scope[ASKED]
    return send(problems.of(requests.refused(asked.operation, asked.query, error.errors())))

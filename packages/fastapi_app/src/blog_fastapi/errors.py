"""Answers, failures as answers, and how each operation is described."""

from typing import Any, TypedDict

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.templating import Jinja2Templates

from blog_core.domain.errors import BlogError
from blog_core.http import documents, problems, requests
from blog_core.http.forms import Again
from blog_core.http.operations import BY_NAME
from blog_core.http.pages import Page, environment
from blog_core.http.replies import Reply
from blog_core.http.requests import ASKED, Asked

templates = Jinja2Templates(env=environment())


class Described(TypedDict):
    operation_id: str
    summary: str
    status_code: int
    responses: dict[int | str, dict[str, Any]]


def described(name: str) -> Described:
    """An operation's name in the document, the status of a success and what else it answers."""
    operation = BY_NAME[name]
    responses: dict[int | str, dict[str, Any]] = {
        status: {
            "description": problems.TITLES[status],
            "content": {documents.PROBLEM_TYPE: {"schema": documents.PROBLEM_REF}},
        }
        for status in documents.error_statuses(operation)
    }
    if operation.refusal is not None:
        responses[400]["model"] = operation.refusal
    return {
        "operation_id": name,
        "summary": documents.summary(name),
        "status_code": operation.success,
        "responses": responses,
    }


def send(reply: Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers))


def render(request: Request, page: Page) -> Response:
    context, headers = dict(page.context), dict(page.headers)
    return templates.TemplateResponse(request, page.template, context, page.status, headers)


def install(app: FastAPI) -> None:
    app.add_exception_handler(BlogError, refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Again, _again)


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, BlogError)  # noqa: S101 # what the handler was added for
    return send(problems.of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 # what the handler was added for
    asked: Asked = request.scope[ASKED]
    return send(problems.of(requests.refused(asked.operation, asked.query, error.errors())))


def _again(request: Request, error: Exception) -> Response:
    assert isinstance(error, Again)  # noqa: S101 # what the handler was added for
    return render(request, error.page)

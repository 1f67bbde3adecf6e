"""Failures as answers."""

from flask import Flask, Response

from blog_core.domain.errors import BlogError
from blog_core.http import problems
from blog_core.http.replies import Reply


def send(reply: Reply) -> Response:
    return Response(reply.body, reply.status, list(reply.headers))


def refused(app: Flask) -> None:
    @app.errorhandler(BlogError)
    def answer(error: BlogError) -> Response:
        return send(problems.of(error))

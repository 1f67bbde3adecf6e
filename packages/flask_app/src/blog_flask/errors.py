"""Answers, and failures as answers."""

from flask import Flask, Response, render_template

from blog_core.domain.errors import BlogError
from blog_core.http import problems
from blog_core.http.forms import Again
from blog_core.http.pages import Page
from blog_core.http.replies import HTML, Reply


def send(reply: Reply) -> Response:
    return Response(reply.body, reply.status, list(reply.headers))


def render(page: Page) -> Response:
    html = render_template(page.template, **page.context)
    return Response(html, page.status, [HTML, *page.headers])


def refused(app: Flask) -> None:
    @app.errorhandler(BlogError)
    def answer(error: BlogError) -> Response:
        return send(problems.of(error))

    @app.errorhandler(Again)
    def show_again(again: Again) -> Response:
        return render(again.page)

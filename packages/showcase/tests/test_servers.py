"""Which command line serves which framework."""

import pytest

from triptych.servers import FRAMEWORKS, SERVERS, command

PAIRS = [
    (framework, server)
    for framework in FRAMEWORKS
    for server in SERVERS
    if (framework, server) != ("flask", "uvicorn")
]


@pytest.mark.parametrize(("framework", "server"), PAIRS)
def test_no_server_believes_what_a_client_says_about_proxies(framework: str, server: str) -> None:
    line = command(framework, server, host="127.0.0.1", port=8000, workers=3)
    assert line[1:3] == ["-m", server]
    assert line[line.index("--workers") + 1] == "3"
    if server == "gunicorn":
        assert line[line.index("--forwarded-allow-ips") + 1] == ""
        assert line[line.index("--limit-request-line") + 1] == "8190"
    if server == "uvicorn":
        assert "--no-proxy-headers" in line


def test_django_is_served_through_its_wsgi_side_but_on_uvicorn() -> None:
    sides = {
        server: command("django", server, host="127.0.0.1", port=8000, workers=1)[-1]
        for server in SERVERS
    }
    assert sides == {
        "gunicorn": "blog_django.wsgi:application",
        "uvicorn": "blog_django.asgi:application",
        "granian": "blog_django.wsgi:application",
    }


def test_an_ipv6_host_is_bracketed_where_a_port_follows() -> None:
    line = command("flask", "gunicorn", host="::1", port=8000, workers=1)
    assert line[line.index("--bind") + 1] == "[::1]:8000"

"""Small applications that show what they were given, for the drivers to call."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

lifespans: list[str] = []
closed: list[str] = []


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    seen = {key: value for key, value in environ.items() if isinstance(value, str)}
    start_response(
        "201 Made", [("Content-Type", "application/json"), ("X-One", "1"), ("x-one", "2")]
    )
    return [json.dumps({**seen, "body": body.decode("latin-1")}).encode()]


class ClosingBody:
    def __iter__(self) -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    def close(self) -> None:
        closed.append("closed")


def wsgi_closing(environ: dict[str, Any], start_response: Any) -> ClosingBody:
    start_response("200 OK", [])
    return ClosingBody()


def wsgi_writes(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    write = start_response("200 OK", [])
    write(b"one ")
    return [b"two"]


def wsgi_second_thoughts(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    try:
        raise ValueError("late")
    except ValueError as error:
        start_response("500 Oh", [], (ValueError, error, error.__traceback__))
    return [b"sorry"]


def wsgi_raises(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise ValueError("inside")


def wsgi_silent(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return [b""]


def wsgi_twice(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def wsgi_splits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("X-A", "a\r\nX-B: b")])
    return []


def wsgi_odd_status(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("OK", [])
    return []


def wsgi_text(environ: dict[str, Any], start_response: Any) -> list[Any]:
    start_response("200 OK", [])
    return ["text"]


async def asgi_echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            lifespans.append(message["type"])
            scope["state"]["ready"] = True
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    message = await receive()
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": message["body"].decode("latin-1"),
        "more": message["more_body"],
        "ready": scope["state"].get("ready", False),
    }
    if message["more_body"]:
        seen["then"] = (await receive())["type"]
    headers = [(b"content-type", b"application/json"), (b"x-one", b"1"), (b"x-one", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


async def asgi_meets(scope: Any, receive: Any, send: Any) -> None:
    """Answers once two requests are inside at the same time."""
    if scope["type"] == "lifespan":
        raise ValueError("no lifespan here")
    inside = asgi_meets.__dict__.setdefault("inside", [])
    inside.append(1)
    while len(inside) < 2:
        await asyncio.sleep(0.001)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"met"})


async def asgi_waits_for_the_end(scope: Any, receive: Any, send: Any) -> None:
    """Listens for the disconnect while it answers, as Django does."""
    if scope["type"] == "lifespan":
        return
    await receive()
    gone = asyncio.ensure_future(receive())
    await asyncio.sleep(0.01)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    early = gone.done()
    await send({"type": "http.response.body", "body": b"early" if early else b"in time"})
    assert (await gone)["type"] == "http.disconnect"


async def asgi_gives_up(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass


async def asgi_raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("inside")


async def asgi_raises_late(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"sorry"})
    raise ValueError("late")


async def asgi_body_first(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.body", "body": b""})


async def asgi_never_answers(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    await asyncio.sleep(60)


async def asgi_fails_to_start(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


not_an_application = 1


def wsgi_steady(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"steady"]


def wsgi_flaky(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Every seventh answer is another one."""
    count = wsgi_flaky.__dict__["count"] = wsgi_flaky.__dict__.get("count", 0) + 1
    start_response("503 Busy" if count % 7 == 0 else "200 OK", [])
    return [b"steady"]


def make_wsgi(text: str, times: int = 1) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [text.encode() * times]

    return application


def make_asgi(text: str, times: int = 1) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": text.encode() * times})

    return application


class Factories:
    make = staticmethod(make_wsgi)


def number() -> int:
    return 1


def wsgi_counts(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    count = wsgi_counts.__dict__["count"] = wsgi_counts.__dict__.get("count", 0) + 1
    start_response("200 OK", [])
    return [f"{os.environ.get('PARITY_WORD', '')} {count}".encode()]


def reset_counts() -> None:
    wsgi_counts.__dict__["count"] = 0


def wsgi_prints(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    sys.stdout.write("between the messages\n" * 100)
    sys.stdout.flush()
    start_response("200 OK", [])
    return [b"printed"]


async def asgi_prints(scope: Any, receive: Any, send: Any) -> None:
    sys.stdout.write("between the messages\n" * 100)
    sys.stdout.flush()
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"printed"})


def wsgi_exits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    os._exit(3)


def wsgi_sleeps(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    time.sleep(30)
    return []

"""`triptych demo`: three servers on one database, and the tour past all of them."""

import os
import secrets
import signal
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from blog_core.security.passwords import Argon2Hasher
from blog_core.settings import Settings, new_secret
from blog_core.storage.migrate import upgrade
from blog_core.storage.repositories import SqlStorage
from blog_core.wiring import build
from http_parity.errors import TargetError
from http_parity.targets import Target, open_target
from triptych import filling, screen
from triptych.errors import (
    DIFFERENT,
    INTERRUPTED,
    SERVER,
    USAGE,
    Failure,
    database_failures,
)
from triptych.page.app import Page
from triptych.page.asking import Asking
from triptych.page.planting import Garden, clone
from triptych.page.serving import listening
from triptych.page.spellings import Deciding
from triptych.page.stories import ORIGIN
from triptych.servers import FRAMEWORKS, Server, Servers, require, require_port
from triptych.tour import TOUR
from triptych.walk import Walk

AUTHOR = "haruka"
AUTHORS_PASSWORD = "three windows"  # noqa: S105 # said on the screen; the demo listens on 127.0.0.1
READY_SECONDS = 180.0


Check = Callable[[], None]
"""Raises Stopped where that was asked for; to be called where nothing is half done."""


class Stopped(Exception):  # not an error: somebody asked
    """SIGINT, SIGTERM or SIGHUP came."""


PAGE_ADVICE = "end what listens there, pass --page-port for another or --no-page for none"


def run(
    console: Console,
    directory: Path,
    port: int,
    *,
    once: bool,
    page: int | None = None,
    open_page: bool = False,
) -> int:
    """Prepare, serve, take the tour, and serve on until stopped; the exit code.

    `page` is the port of the page, None for none.

    Raises Failure with whatever was started ended again.
    """
    serving = False
    with ExitStack() as cleanup:
        try:
            check = cleanup.enter_context(_stoppable())
            for position, framework in enumerate(FRAMEWORKS.values()):
                require(framework, framework.server)
                require_port(
                    "127.0.0.1",
                    port + position,
                    "end what listens there, or pass --port for three other ports",
                )
            if page is not None:
                require_port("127.0.0.1", page, PAGE_ADVICE)
            url = _prepare(console, directory)
            check()
            running = cleanup.enter_context(Servers())
            env = _environment(directory, url)
            _start(console, running, directory, port, env, check=check)
            address = ""
            if page is not None:
                address = cleanup.enter_context(_page(running, directory, env, page))
                _name(console, address)
                if open_page:
                    webbrowser.open(address)
            identical = _tour(console, running, check)
            if once:
                return 0 if identical else DIFFERENT
            serving = True
            _serve(console, running, address, check)
        except Stopped:
            # Leaving the block now ends the servers; a second signal must not come between.
            _ignore_signals()
            console.print()
            with console.status("Stopping the three"):
                cleanup.close()
            console.print(Text("Stopped: nothing is left running.", "dim"))
    return 0 if serving else INTERRUPTED


def _prepare(console: Console, directory: Path) -> str:
    """The URL of a database that is migrated and filled, made if it is not there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        database = directory.absolute() / "blog.sqlite3"
        fresh = not database.exists()
        _secret(directory)
        # Made wherever the user stands, often in a checkout: its secret is not to be committed.
        (directory / ".gitignore").write_text("*\n", "ascii")
    except OSError as error:
        raise Failure(f"{directory} cannot be used: {error.strerror}.", USAGE) from error
    url = f"sqlite:///{database}"
    with database_failures(url):
        upgrade(url)
        storage = SqlStorage(url)
        try:
            if filling.is_empty(storage):
                authors, posts = filling.fill(storage, Argon2Hasher().hash(AUTHORS_PASSWORD))
                _say(console, f"Put {posts} posts by {authors} authors into", str(database))
            else:
                _say(console, "Using again what is in", str(database))
        except Exception:
            storage.close()
            if fresh:
                # Half a database would be taken for a whole one the next time.
                database.unlink(missing_ok=True)
            raise
        storage.close()
    return url


def _secret(directory: Path) -> str:
    """The demo's own secret, made once and readable by its owner only."""
    path = directory / "secret"
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        secret = new_secret()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret)
        return secret


def _environment(directory: Path, url: str) -> dict[str, str]:
    """That of the three servers."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("BLOG_")}
    return env | {
        "BLOG_PROFILE": "production",
        "BLOG_ALLOW": "localhost,http,temporary-database",
        "BLOG_DATABASE_URL": url,
        "BLOG_SECRET_KEY": _secret(directory),
        # Another site that may read answers, so that the page can show it.
        "BLOG_CORS_ORIGINS": ORIGIN,
    }


@contextmanager
def _page(servers: Servers, directory: Path, env: dict[str, str], port: int) -> Iterator[str]:
    """The page's address, for as long as the block lasts."""
    settings = Settings.from_env(env)
    # It asks for itself what the three count for others.
    unlimited = replace(
        settings,
        limit_sign_in=None,
        limit_sign_up=None,
        limit_writes=None,
        limit_reads=None,
        allow=(*settings.allow, "no-limits"),
    )
    blog = build(unlimited)
    urls = {server.framework.key: server.url for server in servers.running}
    with Asking(urls, blog, (AUTHOR, AUTHORS_PASSWORD)) as asking:
        with database_failures(env["BLOG_DATABASE_URL"]):
            asking.prepare()
        garden = Garden(clone(), directory, env)
        page = Page(asking, Deciding(settings), garden, port=port)
        # Somebody may have taken it while the three started.
        require_port("127.0.0.1", port, PAGE_ADVICE)
        with listening(page, port) as address:
            yield f"{address}/"


def _name(console: Console, address: str) -> None:
    console.print()
    console.print(
        Text.assemble(
            ("Side by side, in a browser:  ", "bold"), (address, "bold cyan"), style="default"
        ),
        soft_wrap=True,
    )


def _start(
    console: Console,
    servers: Servers,
    directory: Path,
    port: int,
    env: Mapping[str, str],
    *,
    check: Check,
) -> None:
    with console.status("Starting the three"):
        for position, framework in enumerate(FRAMEWORKS.values()):
            log = directory / f"{framework.key}.log"
            servers.start(framework, port + position, log, env)
        deadline = time.monotonic() + READY_SECONDS
        for server in servers.running:
            server.wait_until_ready(deadline, check)
    for server in servers.running:
        framework = server.framework
        _say(console, f"{framework.title:8} on {framework.server:9}", server.url)


def _tour(console: Console, servers: Servers, check: Check) -> bool:
    """Whether every step was answered identically, and as the contract says."""
    console.print()
    console.print(
        "The tour: each request goes to all three in turn. Status, headers and body are\n"
        "compared byte for byte, all but Date, Server and the connection's own headers.\n"
        "What is random or generated by design is written [cyan]<so>[/cyan] before: ids, tokens,\n"
        "instants of writing, the name of each framework's visitor."
    )
    names = [f"{server.framework.title} :{server.port}" for server in servers.running]
    failed = 0
    with ExitStack() as cleanup:
        walk = Walk([_opened(server, cleanup) for server in servers.running], secrets.token_hex(2))
        number = 0
        for chapter in TOUR:
            screen.chapter(console, chapter.title)
            for step in chapter.steps:
                number += 1
                check()
                try:
                    outcome = walk.take(step)
                except TargetError as error:
                    servers.require_alive()
                    raise Failure(f"{error}", SERVER) from error
                screen.outcome(console, number, outcome, names)
                failed += bool(outcome.problems)
    console.print()
    if failed:
        console.print(Text(f"{failed} of {number} steps are different.", "bold red"))
    else:
        console.print(Text(f"All {number} steps are identical.", "bold green"))
    return not failed


def _opened(server: Server, cleanup: ExitStack) -> Target:
    target = open_target(server.url, server.framework.title)
    cleanup.callback(target.close)
    return target


def _serve(console: Console, servers: Servers, page: str, check: Check) -> None:
    """Wait, until a server dies (Failure) or somebody stops us (Stopped).

    `page` is the page's address; empty for none.
    """
    first = servers.running[0]
    console.print()
    console.print("The three keep serving until Ctrl-C. Look round in a browser:", style="bold")
    console.print()
    places = [(page, "all three, side by side")] if page else []
    places += [(f"{server.url}/", server.framework.title) for server in servers.running]
    for address, what in places:
        console.print(Text.assemble("  ", (address, "cyan"), f"  {what}"), soft_wrap=True)
    console.print()
    console.print(
        f'Sign in as {AUTHOR} with the password "{AUTHORS_PASSWORD}". '
        "Who signs in at one of the\nthree is signed in at all of them."
    )
    console.print()
    console.print("Or ask as a program does, on any of the ports:", style="bold")
    console.print()
    sign_in = f'{{"username":"{AUTHOR}","password":"{AUTHORS_PASSWORD}"}}'
    for line in (
        f"curl -i '{first.url}/api/posts?limit=2'",
        f"curl -i '{first.url}/api/posts?q=caf%C3%A9'",
        f"curl -i '{first.url}/api/tokens' --json '{sign_in}'",
    ):
        console.print(Text(f"  {line}", "cyan"), soft_wrap=True)
    console.print()
    while True:
        check()
        servers.require_alive()
        time.sleep(0.2)


def _say(console: Console, what: str, where: str) -> None:
    console.print(Text.assemble((what, "dim"), " ", where), soft_wrap=True)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _stoppable() -> Iterator[Check]:
    """What raises Stopped once one of the signals that end a program has come.

    Not raised where the signal finds the program: a server that is just being started would be
    left behind.
    """
    came = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)

    def check() -> None:
        if came:
            raise Stopped

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)

"""Run a command against a fresh blog: migrated, with a staff account, served if the target says so.

    python tools/with_blog.py flask-gunicorn pytest --pyargs blog_contract --target {target} ...

`{target}` in the command becomes the name of a target in process (`flask-wsgi`), or the URL of the
server started for it (`flask-gunicorn`); `{staff}` becomes the staff account, `name:password`.
`{limited}` becomes a second one where all but nothing is allowed, on the same data; where it is in
process, `--limited-env={limited-env}` becomes an option for each variable that makes it so.
The database is an SQLite file, or with `--database postgresql`, `--database mariadb` or the URL of
any database on a server a scratch database there, dropped at the end. Ends with the command's exit
code, or 1 if the server does not start or no database answers.
"""

import argparse
import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

SERVERS = ("gunicorn", "granian", "uvicorn")
START_SECONDS = 180
STOP_SECONDS = 30
STAFF = "staff"
# A suite asks more in a second than people in a day.
GENEROUS_LIMITS = {
    f"BLOG_LIMIT_{name}": "999999999/day" for name in ("SIGN_IN", "SIGN_UP", "WRITES", "READS")
}

# One of each: for tests of what happens then. They come from other networks, as a proxy says.
ALL_BUT_NOTHING = dict.fromkeys(GENEROUS_LIMITS, "1/day") | {
    "BLOG_TRUSTED_PROXIES": "127.0.0.1",
    "BLOG_LIMITS_STORE": "memory",
}
LIMITED_ENV = "--limited-env={limited-env}"


def provider(name: str, issuer: str, secret: str = "not so secret") -> dict[str, str]:  # noqa: S107
    """The settings of a provider of sign-ins that knows this site as `blog`."""
    return {
        "BLOG_URL": "http://localhost:8000",
        f"BLOG_OPENID_{name.upper()}_ISSUER": issuer,
        f"BLOG_OPENID_{name.upper()}_CLIENT_ID": "blog",
        f"BLOG_OPENID_{name.upper()}_CLIENT_SECRET": secret,
    }


def main() -> int:
    """Make the blog, run the command, take the blog away."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--database", default="sqlite", help="sqlite (default), postgresql, mariadb or a URL"
    )
    parser.add_argument("target", help="FRAMEWORK-wsgi, FRAMEWORK-asgi or FRAMEWORK-SERVER")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    framework, _, server = arguments.target.partition("-")
    password = secrets.token_urlsafe(16)
    with (
        tempfile.TemporaryDirectory(prefix="triptych-") as directory,
        scratch(arguments.database, directory) as database,
    ):
        env = os.environ | {
            "BLOG_CORS_ORIGINS": "https://reader.example",
            "BLOG_DATABASE_URL": database,
            # For tests that make databases of their own beside it.
            f"BLOG_TEST_{re.split('[:+]', database)[0].upper()}_URL": database,
            "BLOG_SECRET_KEY": secrets.token_hex(32),
            # Nobody reaches it: the suite looks at what comes before and after.
            **provider("example", "http://127.0.0.1:9"),
            **GENEROUS_LIMITS,
        }
        triptych("migrate", env=env)
        triptych("user", "create", "--staff", STAFF, env=env | {"BLOG_NEW_PASSWORD": password})
        words = {"{target}": arguments.target, "{staff}": f"{STAFF}:{password}"}
        if server not in SERVERS:
            words["{limited}"] = arguments.target
            variables = [f"--limited-env={name}={value}" for name, value in ALL_BUT_NOTHING.items()]
            return run(expanded(arguments.command, variables), words, env)
        with ExitStack() as servers:
            log = Path(directory, "server.log")
            words["{target}"] = servers.enter_context(serving(framework, server, log, env))
            if any("{limited}" in word for word in arguments.command):
                log, few = log.with_stem("limited"), env | ALL_BUT_NOTHING
                words["{limited}"] = servers.enter_context(
                    serving(framework, server, log, few, workers=1)
                )
            return run(expanded(arguments.command, []), words, env)


def scratch(wanted: str, directory: str) -> AbstractContextManager[str]:
    """The URL of a new database, gone on leaving; exits with 1 where no server answers."""
    sys.path.append(str(Path(__file__).parents[1]))  # run by its path, from any folder
    from tools import databases  # noqa: PLC0415 # see above

    try:
        return databases.database(wanted, f"{directory}/blog.sqlite3")
    except databases.NoServer as error:
        sys.exit(str(error))


def triptych(*arguments: str, env: Mapping[str, str]) -> None:
    """Run a command of triptych to its end; a failure is raised, its output shown."""
    subprocess.run([sys.executable, "-m", "triptych", *arguments], env=env, check=True)


def expanded(command: list[str], variables: list[str]) -> list[str]:
    """The command with these options where `LIMITED_ENV` stands."""
    places = [variables if word == LIMITED_ENV else [word] for word in command]
    return [word for place in places for word in place]


def run(command: list[str], words: Mapping[str, str], env: Mapping[str, str]) -> int:
    """The exit code of the command, its words filled in."""
    filled = list(command)
    for word, meaning in words.items():
        filled = [each.replace(word, meaning) for each in filled]
    return subprocess.run(filled, env=env, check=False).returncode


@contextmanager
def serving(
    framework: str, server: str, log: Path, env: Mapping[str, str], workers: int = 2
) -> Iterator[str]:
    """The URL of the framework behind a production server, which is stopped on leaving."""
    port = free_port()
    options = ["--server", server, "--port", str(port), "--workers", str(workers)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "triptych", "serve", framework, *options],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command; the server is stopped after it, workers included.
            start_new_session=True,
        )
    try:
        wait_until_ready(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)
        sys.stderr.write(log.read_text("utf-8", "replace"))


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Ask /readyz until it says 200; exits with 1 when the server ends, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready(port):
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            sys.exit(f"the server was not ready after {START_SECONDS} seconds")
        time.sleep(0.1)


def ready(port: int) -> bool:
    """Whether something on this port answers 200 to /readyz."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and wait for it; what is left of its group after that is killed."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())

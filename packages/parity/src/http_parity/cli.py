"""The command `parity`."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from http_parity import engine, report_html, report_json, report_junit, report_text
from http_parity.errors import DocumentError, TargetError
from http_parity.exchange import Request
from http_parity.openapi import read_document
from http_parity.replay import replay as send_again
from http_parity.report import Report, number
from http_parity.reproduce import pytest_file
from http_parity.results import Result
from http_parity.rules import Rules, RulesError, read_rules
from http_parity.targets import TargetSpec, open_target

SAME: Final = 0
DIFFERENT: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 130

EXIT_CODES: Final = """\b
Exit codes:
  0    the targets answer alike
  1    they do not
  2    it could not be found out: usage, a target that cannot be reached, a bad document
  130  interrupted
"""

WRITERS: Final[dict[str, Callable[[Report], str]]] = {
    "text": report_text.text,
    "json": report_json.dump,
    "junit": report_junit.dump,
    "html": report_html.dump,
}
SUFFIXES: Final = {".txt": "text", ".json": "json", ".xml": "junit", ".html": "html"}


class Failure(click.ClickException):
    """An end that says in one sentence what can be done about it."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"parity: {' '.join(self.message.split())}", file=file, err=file is None)


def main() -> None:
    """Run the command line of this process, and end it with a documented exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Greek shows question marks rather than a traceback.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    # Hostile requests make applications log, thousands of times, what the report tells once.
    logging.disable(logging.CRITICAL)
    # An application is named as `python -m` would find it: from here.
    sys.path.insert(0, "")
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("parity: interrupted.", err=True)
        status = INTERRUPTED
    sys.exit(status)


@click.group(epilog=EXIT_CODES, context_settings={"max_content_width": 100})
@click.version_option(package_name="http-parity")
def cli() -> None:
    """Send the same requests to two or more HTTP applications and explain how the answers differ.

    A target is wsgi:module:app or asgi:module:app for an application in this process, or
    http://host:port for a server.
    """


@cli.command(
    short_help="Compare targets by made-up requests.",
    epilog=f"""\b
Examples:
  parity compare wsgi:old:app asgi:new:app --openapi openapi.json
  parity compare http://127.0.0.1:8001 http://127.0.0.1:8002 --openapi /openapi.json
  parity compare wsgi:old:app asgi:new:app --name old --name new --examples 5000 --seed 7
  parity compare wsgi:old:app wsgi:new:app --reset old:reset --reset new:reset
  parity compare wsgi:old:app asgi:new:app --output report.html --output report.json

{EXIT_CODES}""",
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET TARGET...")
@click.option(
    "--openapi",
    metavar="FILE|URL|PATH",
    help="The OpenAPI document: a file, a URL, or a path, asked of the first target that has it."
    " [default: /openapi.json, unless there is a --strategy]",
)
@click.option(
    "--examples",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    help="How many requests to send to each target.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="The same number makes the same requests.",
)
@click.option(
    "--deadline", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds."
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="How reports call a target; once for each, in their order.",
)
@click.option(
    "--reset",
    "resets",
    multiple=True,
    metavar="COMMAND|MODULE:FUNCTION",
    help="Brings a target back to its first state before each sequence; once for all, or once for"
    " each in their order, empty for none.",
)
@click.option("--reset-once", is_flag=True, help="Reset at the start only.")
@click.option(
    "--env",
    "envs",
    multiple=True,
    metavar="N:NAME=VALUE",
    help="An environment variable for the Nth target alone, which then runs in its own process.",
)
@click.option("--process", is_flag=True, help="Run each application in a process of its own.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Sent with every request that has none of its own, such as credentials.",
)
@click.option(
    "--known",
    multiple=True,
    metavar="JSON",
    help="Values that the targets know from the start, by the name of the parameter or property"
    ' that wants them: \'{"username": "ada", "password": "..."}\'.',
)
@click.option(
    "--rules", type=click.Path(path_type=Path), metavar="FILE", help="What may differ, as TOML."
)
@click.option(
    "--strict-server", is_flag=True, help="Compare Date, Server and connection fields too."
)
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="MODULE:ATTRIBUTE",
    help="A Hypothesis strategy of steps or sequences to send as well.",
)
@click.option(
    "--no-wire",
    is_flag=True,
    help="Send nothing that servers often answer by themselves: odd methods, hosts, lengths.",
)
@click.option("--insecure", is_flag=True, help="For https: do not verify certificates.")
@click.option("--timeout", type=float, default=30.0, show_default=True, help="Seconds an answer.")
@click.option(
    "--report",
    "form",
    type=click.Choice(list(WRITERS)),
    default="text",
    show_default=True,
    help="What is printed.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a report; .txt, .json, .xml (JUnit) or .html says which. Repeatable.",
)
@click.option(
    "--tests",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIRECTORY",
    help="Write a pytest file for each cause.",
)
def compare(
    *,
    targets: tuple[str, ...],
    openapi: str | None,
    examples: int,
    seed: int,
    deadline: float | None,
    names: tuple[str, ...],
    resets: tuple[str, ...],
    reset_once: bool,
    envs: tuple[str, ...],
    process: bool,
    headers: tuple[str, ...],
    known: tuple[str, ...],
    rules: Path | None,
    strict_server: bool,
    strategies: tuple[str, ...],
    no_wire: bool,
    insecure: bool,
    timeout: float,
    form: str,
    outputs: tuple[Path, ...],
    tests: Path | None,
) -> int:
    """Send made-up requests to every target and report what they answer differently, by cause.

    The first target is the reference. Requests come from the OpenAPI document and depend on each
    other: what was created is read, changed and deleted. What differs is shrunk to the shortest
    sequence that shows it. Output is coloured on a terminal only, never where NO_COLOR is set.
    """
    if len(targets) < 2:
        raise Failure("Name two targets or more; `parity calibrate` takes one.")
    kinds = {path: _form(path) for path in outputs}
    specs = _specs(
        targets,
        names,
        resets,
        envs,
        reset_every=not reset_once,
        process=process,
        verify=not insecure,
        timeout=timeout,
    )
    with _failures():
        allowed = read_rules(rules) if rules else Rules()
        if strict_server:
            allowed = Rules(allowed.declared, server_fields=False)
        asked = {
            "examples": examples,
            "seed": seed,
            "rules": allowed,
            "strategies": strategies,
            "headers": [_header(text) for text in headers],
            "known": [_known(text) for text in known],
            "wire": not no_wire,
            "deadline": deadline,
        }
        document = None if strategies and not openapi else _document(openapi, specs)
        result = _run(specs, document, asked)
    report = Report(result, specs)
    _print(report, form)
    with _failures():
        for path, kind in kinds.items():
            path.write_text(WRITERS[kind](report), "utf-8")
        if tests is not None:
            _write_tests(report, tests)
    return SAME if report.same else DIFFERENT


@cli.command(
    epilog=f"""\b
Examples:
  parity replay report.json
  parity replay report.json --target new=http://127.0.0.1:8002 --reset new=./reset.sh

{EXIT_CODES}"""
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--target",
    "moved",
    multiple=True,
    metavar="NAME=TARGET",
    help="Where a target of the report is now.",
)
@click.option(
    "--reset",
    "resets",
    multiple=True,
    metavar="NAME=COMMAND|MODULE:FUNCTION",
    help="What brings a target back to its first state now.",
)
def replay(file: Path, moved: tuple[str, ...], resets: tuple[str, ...]) -> int:
    """Send the findings of a JSON report again and say which of them are still there."""
    with _failures():
        recorded = report_json.load(file.read_text("utf-8"), str(file))
        places = dict(_pair(text, "--target") for text in moved)
        back = dict(_pair(text, "--reset") for text in resets)
        names = {spec.name for found in recorded for spec in found.targets}
        for name in [*places, *back]:
            if recorded and name not in names:
                raise Failure(f"{name}: the report's targets are {', '.join(sorted(names))}.")
        left = 0
        for found in recorded:
            a, b = (
                TargetSpec(
                    places.get(spec.name, spec.address),
                    name=spec.name,
                    reset=back.get(spec.name, spec.reset),
                    process=spec.process,
                )
                for spec in found.targets
            )
            again = send_again((a, b), found.sequence, rules=found.rules)
            left += bool(again.differences)
            asked = (
                f"{again.exchanges[0][-1].request.method} {again.exchanges[0][-1].request.target}"
            )
            state = "still there" if again.differences else "gone"
            click.echo(f"{state}: {found.cause}, {asked[:200]!a}")
    click.echo(f"{left} of {number(len(recorded), 'finding')} still there.")
    return DIFFERENT if left else SAME


@cli.command(
    epilog=f"""\b
Examples:
  parity calibrate wsgi:old:app --openapi openapi.json
  parity calibrate http://127.0.0.1:8001 --reset ./reset.sh

{EXIT_CODES}"""
)
@click.argument("target")
@click.option("--openapi", metavar="FILE|URL|PATH", help="As for `parity compare`.")
@click.option("--examples", type=click.IntRange(1), default=1_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--reset", metavar="COMMAND|MODULE:FUNCTION", help="As for `parity compare`.")
def calibrate(target: str, openapi: str | None, examples: int, seed: int, reset: str | None) -> int:
    """Compare a target with itself: what differs is noise, or a fault of its own."""
    spec = TargetSpec(target, reset=reset)
    with _failures():
        document = _document(openapi, (spec,))
        result = _run((spec,), document, {"examples": examples, "seed": seed})
    for noise in result.noise:
        examples_ = " / ".join(ascii(example) for example in noise.examples)
        click.echo(f"{noise.operation}, {noise.place}: {examples_}")
    click.echo(
        f"{number(len(result.noise), 'place')} in which {target} differs from itself; "
        f"{number(result.requests, 'request')}, seed {seed}."
    )
    return DIFFERENT if result.noise else SAME


@cli.command(
    epilog="""\b
Examples:
  parity send wsgi:old:app 'GET /notes//1'
  parity send http://127.0.0.1:8001 'POST /notes' -H 'Content-Type: application/json' -d '{}'
"""
)
@click.argument("target")
@click.argument("line", metavar="'METHOD /PATH'")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'")
@click.option("-d", "--data", default="", help="The body.")
def send(target: str, line: str, headers: tuple[str, ...], data: str) -> int:
    """Send one request exactly as it is written, and print the answer."""
    method, _, path = line.partition(" ")
    if not method or not path:
        raise Failure(f"Write method and path: 'GET /', not {line!r}.")
    with _failures(), closing(open_target(target)) as opened:
        fields = tuple(_header(text) for text in headers)
        wire = path.encode("utf-8", "surrogateescape").decode("latin-1")
        answer = opened.send(Request(method, wire, fields, data.encode("utf-8", "surrogateescape")))
    click.echo(str(answer.status))
    for name, value in answer.headers:
        click.echo(f"{name}: {value}")
    click.echo()
    click.echo(answer.body, nl=False)
    return SAME


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what a user can do something about into a Failure."""
    try:
        yield
    except (TargetError, DocumentError, RulesError) as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"{error.filename or 'A file'}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Failure("A file that was named is not UTF-8.") from error


def _specs(
    targets: tuple[str, ...],
    names: tuple[str, ...],
    resets: tuple[str, ...],
    envs: tuple[str, ...],
    **common: Any,
) -> tuple[TargetSpec, ...]:
    if len(names) > len(targets):
        raise Failure("There are more --name than targets.")
    if len(resets) > 1 and len(resets) != len(targets):
        raise Failure("Give --reset once for all, or once for each target.")
    env: list[dict[str, str]] = [{} for _ in targets]
    for text in envs:
        place, colon, rest = text.partition(":")
        if not colon or not place.isdecimal() or not 0 < int(place) <= len(targets):
            raise Failure(f"--env takes N:NAME=VALUE, N the target's number: {text!r}.")
        key, value = _pair(rest, "--env")
        env[int(place) - 1][key] = value
    reset = resets * len(targets) if len(resets) == 1 else resets or ("",) * len(targets)
    return tuple(
        TargetSpec(
            address,
            name=names[at] if at < len(names) else address,
            reset=reset[at] or None,
            env=env[at],
            **common,
        )
        for at, address in enumerate(targets)
    )


def _form(path: Path) -> str:
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise Failure(f"--output {path}: end it in {', '.join(SUFFIXES)}.")
    return kind


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise Failure(f"A header is written 'Name: value', not {text!r}.")
    return name, value.strip().encode("utf-8", "surrogateescape").decode("latin-1")


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Failure(f"{option} takes NAME=VALUE, not {text!r}.")
    return name, value


def _known(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise Failure(f"--known takes a JSON object of texts, not {text!r}.")
    return found


def _document(source: str | None, specs: tuple[TargetSpec, ...]) -> bytes:
    """The OpenAPI document's bytes: of a file, a URL, or a path of the first target that has it."""
    if source is None:
        source = "/openapi.json"
    elif source.startswith(("http://", "https://")):
        parts = urlsplit(source)
        spec = TargetSpec(f"{parts.scheme}://{parts.netloc}", verify=specs[0].verify)
        path = parts.path or "/"
        return _fetched((spec,), f"{path}?{parts.query}" if parts.query else path)
    file = Path(source)
    if source.startswith("/") and not file.exists():
        return _fetched(specs, source)
    return file.read_bytes()


def _fetched(specs: tuple[TargetSpec, ...], path: str) -> bytes:
    said = []
    for spec in specs:
        with closing(open_target(spec)) as target:
            answer = target.send(Request("GET", path))
        if answer.status == 200:
            return answer.body
        said.append(f"{spec.name or spec.address} answers {answer.status}")
    raise DocumentError(
        f"{' and '.join(said)} to GET {path}; name the OpenAPI document with --openapi."
    )


def _run(specs: tuple[TargetSpec, ...], document: bytes | None, asked: dict[str, Any]) -> Result:
    """The comparison, with its progress on standard error."""
    elsewhere = () if document is None else read_document(document).elsewhere
    if elsewhere:
        click.echo(
            f"{number(len(elsewhere), 'reference')} of the document to other documents not "
            f"followed, such as {elsewhere[0]}; what is there is taken to be anything.",
            err=True,
        )
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[found]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as bar:
            task = bar.add_task("comparing", total=asked["examples"], found="")

            def draw(now: engine.Progress) -> None:
                found = number(now.findings, "finding") if now.findings else ""
                bar.update(task, completed=now.requests, description=now.doing, found=found)

            return engine.compare(specs, document=document, on_progress=draw, **asked)
    told = 0

    def tell(now: engine.Progress) -> None:
        nonlocal told
        quarter = 4 * now.requests // max(1, now.examples)
        if quarter > told:
            told = quarter
            click.echo(
                f"{now.requests:,} of {now.examples:,} requests, "
                f"{number(now.findings, 'finding')}.",
                err=True,
            )

    click.echo(f"{asked['examples']:,} requests, seed {asked['seed']}.", err=True)
    return engine.compare(specs, document=document, on_progress=tell, **asked)


def _print(report: Report, form: str) -> None:
    if form != "text":
        click.echo(WRITERS[form](report), nl=False)
        return
    console = Console(highlight=False)
    if console.is_terminal:
        report_text.show(report, console)
    else:
        click.echo(report_text.text(report, width=120), nl=False)


def _write_tests(report: Report, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    known = dict(zip(report.result.targets, report.specs, strict=True))
    for position, cause in enumerate(report.causes, 1):
        slug = re.sub(r"\W+", "_", cause.name.lower(), flags=re.ASCII).strip("_")
        first, second = (known[name] for name in cause.example.targets)
        text = pytest_file(
            cause.name,
            cause.example,
            (first, second),
            differences=cause.differences,
            note=f"{cause.why} Seed {report.result.seed}.".strip(),
        )
        (directory / f"test_{position:02}_{slug}.py").write_text(text, "utf-8")
    click.echo(f"Wrote {number(len(report.causes), 'test')} to {directory}.", err=True)

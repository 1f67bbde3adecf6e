"""The options of the suite: which implementations it is held against, and with what.

    pytest --pyargs blog_contract --target http://127.0.0.1:8001 --staff root:secret

Without `--target` this plugin does nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from http_parity.errors import TargetError
from http_parity.targets import Target, TargetSpec, open_target

NAMES = {
    # A fourth implementation joins with one line.
    "django-wsgi": "wsgi:blog_django.wsgi:application",
    "django-asgi": "asgi:blog_django.asgi:application",
    "flask-wsgi": "wsgi:blog_flask.wsgi:app",
    "fastapi-asgi": "asgi:blog_fastapi.asgi:app",
}

PACKAGE = Path(__file__).parent

targets_key = pytest.StashKey[dict[str, Target]]()
limited_key = pytest.StashKey[Target]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract of the blog")
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="NAME|wsgi:module:app|asgi:module:app|URL",
        help=f"an implementation to test, repeatable; names are {', '.join(NAMES)}",
    )
    group.addoption(
        "--staff",
        metavar="USERNAME:PASSWORD",
        help="a staff account that exists; without it the tests that need one are deselected",
    )
    group.addoption(
        "--cors-origin",
        default="https://reader.example",
        metavar="ORIGIN",
        help="an origin on the allow-list, default %(default)s; empty deselects its tests",
    )
    group.addoption(
        "--openid",
        default="example",
        metavar="NAME",
        help="a provider of sign-ins in its settings that does not answer, default %(default)s;"
        " empty deselects its tests",
    )
    group.addoption(
        "--limited",
        metavar="NAME|wsgi:module:app|asgi:module:app|URL",
        help="the implementation once more, on the same data, where one sign-in, sign-up, change"
        " and read a day are allowed and X-Forwarded-For is believed; without it the tests of what"
        " happens above a limit are deselected",
    )
    group.addoption(
        "--limited-env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="for an application in process: what its environment has besides; repeatable",
    )
    group.addoption(
        "--lossy-server",
        action="store_true",
        help="the server tells the application only decoded paths and CGI's header names, as"
        " granian's WSGI does: the contract says what that changes",
    )


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "sentence(*names): the sentences of docs/http-contract.md that the test holds",
        "staff: the test needs a staff account, see --staff",
        "cors: the test needs an origin on the allow-list, see --cors-origin",
        "openid: the test needs a provider of sign-ins, see --openid",
        "limited: the test goes above limits, see --limited",
    ):
        config.addinivalue_line("markers", line)
    if config.option.target:
        _check_options(config)
        # Its fixtures have everyday names, which are nobody's business without a target.
        config.pluginmanager.import_plugin("blog_contract.fixtures")
    elif any(str(argument).startswith("blog_contract") for argument in config.option.file_or_dir):
        raise pytest.UsageError(
            f"Say what to test: --target {'|'.join(NAMES)}|wsgi:module:app|asgi:module:app|URL."
        )


def _check_options(config: pytest.Config) -> None:
    staff: str | None = config.option.staff
    if staff is not None and not all(staff.partition(":")):
        raise pytest.UsageError("--staff takes USERNAME:PASSWORD.")
    if not all(all(variable.partition("=")[:2]) for variable in config.option.limited_env):
        raise pytest.UsageError("--limited-env takes NAME=VALUE.")


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    targets: dict[str, Target] = {}
    config.stash[targets_key] = targets
    for given in config.option.target:
        if given in targets or config.option.collectonly:
            continue
        targets[given] = _opened(config, "--target", given)
    if config.option.limited and config.option.target and not config.option.collectonly:
        env = dict(variable.split("=", 1) for variable in config.option.limited_env)
        config.stash[limited_key] = _opened(config, "--limited", config.option.limited, env)


def _opened(
    config: pytest.Config, option: str, given: str, env: Mapping[str, str] | None = None
) -> Target:
    """The target that an option names, closed at the end of the run."""
    # Not the one that was asked for without limits: settings may be a process's own.
    process = option == "--limited"
    try:
        spec = TargetSpec(NAMES.get(given, given), env=env or {}, process=process)
        target = open_target(spec, given)
    except TargetError as error:
        known = "" if ":" in given else f" Names are {', '.join(NAMES)}."
        raise pytest.UsageError(f"{option} {given}: {error}{known}") from error
    config.add_cleanup(target.close)
    return target


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite out of a run of other tests that happens to pass its folder."""
    if not config.option.target and PACKAGE in collection_path.parents:
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = {
        marker
        for marker, option in (
            ("staff", config.option.staff),
            ("cors", config.option.cors_origin),
            ("openid", config.option.openid),
            ("limited", config.option.limited),
        )
        if not option
    }
    if not (config.option.target and missing):
        return
    deselected = [
        item for item in items if any(item.get_closest_marker(marker) for marker in missing)
    ]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]


def pytest_report_header(config: pytest.Config) -> Sequence[str]:
    if not config.option.target:
        return []
    lines = [f"contract of the blog: {', '.join(dict.fromkeys(config.option.target))}"]
    if not config.option.staff:
        lines.append("without --staff the tests that need a staff account are deselected")
    if not config.option.cors_origin:
        lines.append("without --cors-origin the tests that need an allowed origin are deselected")
    if not config.option.openid:
        lines.append("without --openid the tests that need a provider of sign-ins are deselected")
    if not config.option.limited:
        lines.append("without --limited the tests of what happens above a limit are deselected")
    if config.option.lossy_server:
        lines.append("the server decodes paths and tells header names as CGI does")
    return lines

"""The files of deploy/ and compose.yaml name only what there is, and the soak's verdict can fail.

What they do is seen by the session `deploy`, which starts servers and proxies.
"""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import granian.cli
import pytest
import uvicorn
import yaml
from gunicorn.config import KNOWN_SETTINGS  # type: ignore[import-untyped] # it has no types

from blog_core.settings import Settings
from tests.deploy import picture
from tests.deploy.proxies import CHANGES
from tests.deploy.running import DEPLOY, ROOT, application, command, variables
from tests.deploy.soak import Sample, verdicts
from tests.servers.pairs import PAIRS, Pair

SERVICES = ("postgresql", "mariadb", "redis", "django", "flask", "fastapi", "proxy")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OF_THE_BLOG = {f"BLOG_{field.name.upper()}" for field in fields(Settings)}


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


# --- servers -------------------------------------------------------------------------------------


def test_gunicorn_s_file_sets_what_gunicorn_knows() -> None:
    said: dict[str, object] = {}
    exec((DEPLOY / "gunicorn.conf.py").read_text("utf-8"), said)  # noqa: S102
    known = {setting.name for setting in KNOWN_SETTINGS}
    names = {name for name in said if not name.startswith("__") and name != "os"}
    assert set() == names - known
    asked = {"workers", "threads", "worker_class", "preload_app", "max_requests", "timeout"}
    asked |= {"bind", "graceful_timeout", "accesslog", "errorlog", "loglevel"}
    assert asked <= names


@pytest.mark.parametrize(
    ("server", "main"), [("uvicorn", uvicorn.main), ("granian", granian.cli.cli)]
)
def test_every_variable_is_a_flag_of_its_server(server: str, main: Any) -> None:
    prefix = server.upper()
    known = {f"{prefix}_{parameter.name.upper()}" for parameter in main.params}
    known |= {str(parameter.envvar) for parameter in main.params if parameter.envvar}
    said = variables(DEPLOY / f"{server}.env")
    assert {"MALLOC_ARENA_MAX"} == set(said) - known
    # And each is read: a value that cannot be is refused.
    environ = os.environ | said | {f"{prefix}_WORKERS": "many"}
    line = [sys.executable, "-m", server, application(PAIRS[2])]
    found = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    assert 2 == found.returncode
    assert "many" in found.stderr


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_the_comments_give_the_command_that_is_tested(pair: Pair) -> None:
    file = DEPLOY / ("gunicorn.conf.py" if pair.server == "gunicorn" else f"{pair.server}.env")
    words = [word.replace(f"{ROOT}/", "") for word in command(pair)[1:-1]]
    assert " ".join([pair.server, *words]) in " ".join(file.read_text("utf-8").split())


def test_the_settings_of_the_blog_are_settings() -> None:
    said = variables(DEPLOY / "blog.env")
    assert {"MALLOC_ARENA_MAX"} == set(said) - OF_THE_BLOG
    secret = {"BLOG_SECRET_KEY": "x" * 40, "BLOG_LIMITS_STORE": "memory"}
    url = said["BLOG_DATABASE_URL"].replace("PASSWORD", "a-long-one")
    made = Settings.from_env(said | secret | {"BLOG_DATABASE_URL": url})
    assert "production" == made.profile


# --- containers ----------------------------------------------------------------------------------


def test_compose_has_the_services_and_they_are_watched(compose: Any) -> None:
    services = compose["services"]
    assert set(SERVICES) <= set(services)
    for name in ("postgresql", "mariadb", "redis", "proxy"):
        assert services[name]["healthcheck"]["test"], name
        assert services[name]["image"].rpartition(":")[2], name
    # The applications are watched by what is in their image.
    assert "HEALTHCHECK" in (DEPLOY / "Containerfile").read_text("utf-8")
    for name in services:
        for needed in services[name].get("depends_on", {}):
            assert needed in services, name


def test_compose_opens_ports_on_this_machine_only(compose: Any) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def test_compose_names_files_and_settings_that_there_are(compose: Any) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in compose["volumes"] or (ROOT / source).is_file(), volume
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
            assert service["build"]["args"]["FRAMEWORK"] in SERVICES
            said = set(service["environment"]) - {"WEB_CONCURRENCY"}
            assert set() == said - OF_THE_BLOG - {"BLOG_ALLOW"}
    upstreams = (DEPLOY / "compose-upstream.conf").read_text("utf-8")
    assert {"django", "flask", "fastapi"} == set(
        re.findall(r"^server (\w+):8000 ", upstreams, re.MULTILINE)
    )


def test_compose_s_settings_are_ones_the_blog_starts_with(compose: Any) -> None:
    said = compose["services"]["flask"]["environment"]
    filled = {
        name: re.sub(r"\$\{[A-Z_]+:\?[^}]*\}", "a-long-and-random-one" * 2, value)
        for name, value in said.items()
        if name.startswith("BLOG_")
    }
    assert "production" == Settings.from_env(filled).profile


def instructions() -> list[str]:
    """The Containerfile, an instruction a line, without comments."""
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [line.strip() for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line]


def test_the_image_is_made_of_what_there_is() -> None:
    for line in instructions():
        if line.startswith("COPY ") and "--from" not in line:
            for source in shlex.split(line)[1:-1]:
                assert (ROOT / source).exists(), line
    for framework in ("django", "flask", "fastapi"):
        assert (ROOT / "packages" / f"{framework}_app" / "pyproject.toml").is_file()
        extras = tomllib.loads((ROOT / "packages/showcase/pyproject.toml").read_text("utf-8"))
        assert framework in extras["project"]["optional-dependencies"]


def test_the_image_runs_the_command_that_is_tested_and_not_as_root() -> None:
    lines = instructions()
    assert lines.index("USER blog") < min(
        number for number, line in enumerate(lines) if line.startswith("CMD")
    )
    stages = {}
    for line in lines:
        if line.startswith("FROM base AS "):
            stage = line.split()[-1]
        elif line.startswith("CMD "):
            stages[stage] = yaml.safe_load(line.removeprefix("CMD "))
    for pair in PAIRS:
        if pair.server == "gunicorn":
            words = [Path(word).name if "/" in word else word for word in command(pair)]
            said = [Path(word).name if "/" in word else word for word in stages[pair.framework]]
            assert words == said
    assert f"FROM {'$'}{{FRAMEWORK}}" == lines[-1]


# --- proxies -------------------------------------------------------------------------------------


def test_the_page_says_what_the_proxies_change() -> None:
    page = (ROOT / "docs" / "servers.md").read_text("utf-8")
    for name, case in CHANGES.items():
        words = [name.replace("*", "&#42;")]
        for said in (case.direct, case.nginx, case.caddy):
            who, _, status = said.partition(" ")
            words.append({"blog": f"**{status}**", "own": status, "none": "no answer"}[who])
        assert f"| {' | '.join(words)} |" in page


# --- systemd -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_the_command_that_is_tested_on_its_socket(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
    framework = unit.stem.removeprefix("blog-")
    pair = next(p for p in PAIRS if p.framework == framework and p.server == "gunicorn")
    ours = [Path(word).name if "/" in word else word for word in command(pair)]
    assert ours == [Path(word).name if "/" in word else word for word in line.split()]
    port = re.findall(
        r"^ListenStream=127.0.0.1:(\d+)$", unit.with_suffix(".socket").read_text(), re.MULTILINE
    )
    title = {"django": "Django", "flask": "Flask", "fastapi": "FastAPI"}[framework]
    assert f"server 127.0.0.1:{port[0]} max_fails=1 fail_timeout=2s; # {title}" in (
        DEPLOY / "nginx-upstream.conf"
    ).read_text("utf-8")


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert UNITS  # elsewhere than on Linux with systemd there is nobody to ask
        return
    shutil.copytree(DEPLOY / "systemd", tmp_path, dirs_exist_ok=True)
    for unit in tmp_path.glob("*.service"):
        installed = str(Path(sys.executable).parent)
        unit.write_text(unit.read_text("utf-8").replace("/opt/blog/bin", installed), "utf-8")
    files = [str(path) for path in tmp_path.iterdir() if path.is_file()]
    line = ["systemd-analyze", "verify", *files]
    environ = os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    found = subprocess.run(line, env=environ, capture_output=True, text=True, check=False)
    assert (0, "") == (found.returncode, found.stderr)


# --- the soak ------------------------------------------------------------------------------------


def samples(memory: Callable[[float], float]) -> list[Sample]:
    """Half an hour, a sample every ten seconds, with some noise in the memory."""
    return [
        Sample(second / 60, memory(second / 60) + (second * 7919 % 13) / 10, 60, 20)
        for second in range(0, 1800, 10)
    ]


def test_what_is_flat_is_flat() -> None:
    assert {True} == {flat for _, _, flat in verdicts(samples(lambda _minute: 120)).values()}
    warming = verdicts(samples(lambda minute: 120 - 40 / (1 + minute)))
    assert {True} == {flat for _, _, flat in warming.values()}


@pytest.mark.parametrize("each_minute", [0.5, 2])
def test_what_grows_is_seen(each_minute: float) -> None:
    mean, grown, flat = verdicts(samples(lambda minute: 120 + each_minute * minute))["memory"]
    assert not flat
    assert each_minute * 20 == pytest.approx(grown, rel=0.1)
    assert mean > 120


def test_the_picture_is_a_picture() -> None:
    panel = picture.Panel("memory, <MiB>", {"a": [(0, 1), (1, 97)], "b": [(0, 3), (1, 0)]})
    root = ET.fromstring(picture.svg([panel, panel], "minutes"))  # noqa: S314 # our own
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert 2 + 2 * (3 + 2) == len(lines)
    assert inspect.getdoc(picture)

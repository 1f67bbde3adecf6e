"""The steps of deploy/Containerfile and deploy/install.sh, run in a clean folder, and served from.

No engine of containers is needed, and no systemd. Not with the default tests: each framework is
installed anew. `nox -s deploy`.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.deploy.running import ROOT, free_port, wait_for
from tests.test_deploy import instructions
from tests.workers import SECRET


def stage(name: str) -> list[str]:
    """The instructions of one stage, without the one that begins it."""
    lines = instructions()
    first = next(n for n, line in enumerate(lines) if re.match(rf"FROM .+ AS {name}$", line))
    rest = lines[first + 1 :]
    return rest[: next(n for n, line in enumerate(rest) if line.startswith("FROM "))]


def copied(lines: list[str], root: Path, working: Path) -> None:
    """Do what COPY says, with `root` for the root of the image."""
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, target = line.split()[1:]
            place = working / target if not target.startswith("/") else root / target[1:]
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, place, dirs_exist_ok=True)
                else:
                    folder = target.endswith("/")
                    (place if folder else place.parent).mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / source, place / Path(source).name if folder else place)


@pytest.mark.parametrize("framework", ["django", "flask", "fastapi"])
def test_the_image_s_steps_make_a_blog_that_serves(framework: str, tmp_path: Path) -> None:
    build, base = stage("build"), stage("base")
    working = tmp_path / "src"
    working.mkdir()
    copied(build, tmp_path, working)
    environ = _for_uv()
    for line in build:
        if line.startswith("RUN ") and "pip install --no-cache-dir" not in line:
            step = line.removeprefix("RUN ").replace("/opt/blog", f"{tmp_path}/opt/blog")
            if step.startswith("uv venv"):
                step += f" --python {sys.executable}"  # for the one of the image
            subprocess.run(
                ["sh", "-c", step],
                cwd=working,
                env=environ | {"FRAMEWORK": framework},
                check=True,
            )
    shutil.rmtree(working)  # the image has /opt/blog, and not what it was made of
    copied(base, tmp_path, working)
    (line,) = (each for each in stage(framework) if each.startswith("CMD "))
    _migrate_and_serve(json.loads(line.removeprefix("CMD ")), tmp_path)


@pytest.mark.parametrize("framework", ["django", "flask", "fastapi"])
def test_a_release_is_installed_beside_the_one_before(framework: str, tmp_path: Path) -> None:
    script = ["sh", str(ROOT / "deploy" / "install.sh"), framework]
    environ = _for_uv() | {"DESTDIR": str(tmp_path), "PYTHON": sys.executable}
    subprocess.run(script, env=environ, check=True)
    settings, link = tmp_path / "etc/blog/blog.env", tmp_path / "opt/blog"
    assert 0o600 == settings.stat().st_mode & 0o777
    settings.write_text("BLOG_PROFILE=development\n")
    before = link.resolve()
    time.sleep(1)  # releases are named by the second
    subprocess.run(script, env=environ, check=True)
    assert "BLOG_PROFILE=development\n" == settings.read_text()
    assert before.is_dir()
    assert before != link.resolve()
    unit = tmp_path / f"etc/systemd/system/blog-{framework}.service"
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
    _migrate_and_serve(line.split(), tmp_path)


def _for_uv() -> dict[str, str]:
    """What uv needs to know to reach an index from here, and nothing of this checkout's."""
    ours = ("BLOG_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _migrate_and_serve(line: list[str], root: Path) -> None:
    """Have the command, with `root` for the root of the machine, serve until it is healthy."""
    program, *words = (re.sub("^/(etc|opt)/", rf"{root}/\1/", word) for word in line)
    installed, port = root / "opt/blog/bin", free_port()
    settings = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "BLOG_DATABASE_URL": f"sqlite:///{root}/blog.sqlite3",
        "BLOG_SECRET_KEY": SECRET,
        "GUNICORN_BIND": f"127.0.0.1:{port}",
    }
    subprocess.run([installed / "triptych", "migrate"], env=settings, cwd=root, check=True)
    check = [str(installed / "python"), str(root / "etc/blog/healthcheck.py"), str(port)]
    assert 1 == subprocess.run(check, env=settings, check=False).returncode
    with subprocess.Popen([installed / program, *words], env=settings, cwd=root) as process:
        try:
            wait_for(
                lambda: subprocess.run(check, env=settings, check=False).returncode == 0, "healthy"
            )
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
    assert 0 == process.returncode

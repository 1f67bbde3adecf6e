# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]==2026.10.20"]
# ///
"""Every check of the workspace, runnable by itself: `uv run noxfile.py [--list]`.

Each session installs from `pyproject.toml`, held to the versions in `constraints.txt`.
"""

import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13"]
CONSTRAINTS = ["--constraints", "constraints.txt", "--build-constraints", "constraints.txt"]
WITH_BLOG = str(ROOT / "tools" / "with_blog.py")
TARGETS = {
    "django": [
        "django-wsgi",
        "django-asgi",
        "django-gunicorn",
        "django-granian",
        "django-uvicorn",
    ],
    "flask": ["flask-wsgi", "flask-gunicorn", "flask-granian"],
    "fastapi": ["fastapi-asgi", "fastapi-uvicorn", "fastapi-granian"],
}
# Behind granian's WSGI: see [lossy-server] in docs/http-contract.md.
LOSSY = ("django-granian", "flask-granian")
# Whom every run holds to all of the contract; Django's ASGI takes ten times as long for an answer.
IN_FULL = ("django-wsgi", "flask-wsgi", "fastapi-asgi")
EVERYWHERE = [target for targets in TARGETS.values() for target in targets]
DATABASES = ("sqlite", "postgresql", "mariadb")
# What could come out otherwise on another database, and on which target every run looks at it.
KEPT = "lists search users posts races idempotency preconditions tokens sessions limits"
SAMPLED = {"postgresql": "flask-wsgi", "mariadb": "django-wsgi"}
# What could come out otherwise behind another server: every run looks at it.
SERVED = "bodies caching credentials feed_and_files headers health hosts limits methods paths races"
SERVED += " throttling"
# What could come out otherwise on another version of Python; the showcase mostly waits for servers.
LATER = (
    *(f"packages/{name}/tests" for name in ("core", "django_app", "flask_app", "fastapi_app")),
    "packages/parity/tests",
    *(f"tests/test_{name}.py" for name in ("same_answers", "openapi", "operations")),
)
# `servers` sends them over every pair of a framework and a server.
CORPORA = ("tests/test_json_everywhere.py", "tests/test_naughty_strings.py")
RELEASES = "tests/test_releases.py"  # `releases` runs it: servers under load, for minutes
# Behind which server a framework is asked what its own document makes up.
FUZZED = {"django": "django-gunicorn", "flask": "flask-granian", "fastapi": "fastapi-uvicorn"}
# What browser/conftest.py starts, by the names that distributions give it.
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# With what it needs as it was on that day.
OBSERVATORY = "@mdn/mdn-http-observatory@1.4.8"
OBSERVATORY_DAY = "2026-11-22"

# What the proxies are called, and the packages of Debian that they are in.
PROXIES = {"nginx": "nginx-light", "caddy": "caddy"}
DEPLOYED = ("tests/deploy/flags.py", "tests/deploy/proxies.py", "tests/deploy/image.py")

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = "CI" in os.environ


def put_real_interpreters_first() -> None:
    """Let `python3.12` on PATH be an interpreter, where a version manager put a shim before it.

    pyenv's shim for a version that is not selected exits with 127; the search for an interpreter
    ends there, and the session would be skipped although the version is installed.
    """
    path = os.environ.get("PATH", os.defpath)
    homes = {
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions",
        *(Path(entry).parent / "versions" for entry in path.split(os.pathsep) if "shims" in entry),
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python")),
    }
    found = [
        str(python.parent)
        for home in sorted(homes)
        for version in PYTHONS
        for python in home.glob(f"*{version}.*/bin/python{version}")
    ]
    os.environ["PATH"] = os.pathsep.join([*found, path])


put_real_interpreters_first()


def install(session: nox.Session, *groups: str) -> None:
    """Install the workspace's packages, editable, and the named dependency groups."""
    chosen = [argument for group in groups for argument in ("--group", group)]
    session.install(*CONSTRAINTS, "--requirements", "pyproject.toml", *chosen)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and which package may import which."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of every package with mypy, strict."""
    install(session, "test", "lint", "bench", "browser")
    session.run("mypy", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests of the packages and of the workspace itself."""
    install(session, "test")
    # A file keeps to one process: what its tests share is made once.
    chosen = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    if session.python == PYTHONS[0]:
        chosen += [f"--ignore={path}" for path in (*CORPORA, RELEASES)]
    else:
        # What is marked is long, and says nothing about the version of Python.
        chosen += ["-m", "not once", *LATER]
    # On database servers `contract` runs them.
    env = {} if session.posargs else {f"BLOG_TEST_{name.upper()}_URL": None for name in SAMPLED}
    session.run("pytest", *(session.posargs or chosen), env=env)


@nox.session
@nox.parametrize(
    "framework, database",
    [
        *(nox.param(name, "sqlite", id=name) for name in TARGETS),
        *(nox.param("", name, id=f"database={name}") for name in DATABASES),
    ],
)
def contract(session: nox.Session, framework: str, database: str) -> None:
    """Hold a framework, or all on one database, to the contract; named or `-- --all`: all of it."""
    posargs = [argument for argument in session.posargs if argument != "--all"]
    # All of it takes longer than all the rest: only where it is asked for.
    whole = bool({"--all", session.name} & {*session.posargs, *sys.argv})
    targets, core = TARGETS.get(framework, EVERYWHERE), "packages/core/tests"
    if not framework and not whole:
        if database == "sqlite":
            session.skip("the sessions of the frameworks hold it on sqlite")
        # Who only wants to pass the tests needs no database server.
        if f"BLOG_TEST_{database.upper()}_URL" not in os.environ:
            session.skip(f"BLOG_TEST_{database.upper()}_URL does not say where to do it")
        targets, core = [SAMPLED[database]], f"{core}/test_texts.py"
    install(session, "test")

    def modules(target: str) -> list[str]:
        """Which of the suite a target is held to."""
        if whole or (framework and target in IN_FULL):
            return ["blog_contract"]
        return [f"blog_contract.test_{name}" for name in (SERVED if framework else KEPT).split()]

    def hold(target: str) -> str:
        lossy = ["--lossy-server"] if target in LOSSY else []
        on = ("--database", database)
        command = ("python", WITH_BLOG, *on, target, *suite("pytest", *modules(target)), *lossy)
        # nox shows all that it says where it fails.
        said = str(session.run(*command, *posargs, silent=True))
        return next(line for line in reversed(said.splitlines()) if " passed" in line)

    # Each waits for its server half the time.
    with ThreadPoolExecutor(2) as pool:
        for target, last_line in zip(targets, pool.map(hold, targets), strict=True):
            session.log(f"{target} on {database}: {last_line}")
    if not framework and not posargs:
        # A target in process: nothing is started for it.
        on = ("--database", database, "flask-wsgi")
        session.run("python", WITH_BLOG, *on, "pytest", "-q", core, "-k", database)


@nox.session
@nox.parametrize("framework", [nox.param(name, id=name) for name in FUZZED])
def schemathesis(session: nox.Session, framework: str) -> None:
    """Hold one framework to its own OpenAPI document; `-- --seed N` makes other requests."""
    install(session, "test")
    session.run(
        *("python", WITH_BLOG, FUZZED[framework], "schemathesis"),
        *("--config-file", "tests/schemathesis/schemathesis.toml"),
        *("run", "{target}/openapi.json", "--url", "{target}", "--checks", "all"),
        *session.posargs,
    )


@nox.session
def parity(session: nox.Session) -> None:
    """Send made-up requests to all at once; `-- --examples 20000`, `--servers`, `--databases`."""
    install(session, "test")
    session.run("python", "-m", "tests.parity", *session.posargs)


@nox.session(default=False)
def replica(session: nox.Session) -> None:
    """Read from a real PostgreSQL replica that is behind, and without it; wants its programs."""
    install(session, "test")
    session.run("pytest", "tests/replica.py", *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Send raw bytes over every framework and server; `-- --only cut` sends some of them."""
    install(session, "test")
    session.run("python", "-m", "tests.servers", *session.posargs)
    if not session.posargs:
        session.run("pytest", "--servers", *CORPORA)


@nox.session
def faults(session: nox.Session) -> None:
    """Kill, freeze, lock and fill up what the three rest on, under load; `-- --long` for hours."""
    install(session, "test")
    if "CI" not in os.environ and session.name not in sys.argv:
        # Who only wants to pass the tests needs no database server.
        check = ("python", "-m", "tests.faults", "--check")
        if missing := str(session.run(*check, silent=True, success_codes=[0, 2])).strip():
            session.skip(missing)
    session.run("python", "-m", "tests.faults", *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Run the suite from its wheel alone, in an environment that holds nothing else of ours."""
    install(session)
    # Outside the workspace, where neither its sources nor its pytest settings can be found.
    with tempfile.TemporaryDirectory() as directory:
        alone = Path(directory, "venv")
        for package in ("blog-contract", "http-parity"):
            session.run(
                *("uv", "build", "-q", "--wheel", "--package", package, "--out-dir", directory),
                *("--build-constraints", "constraints.txt"),
            )
        wheels = [str(path) for path in Path(directory).glob("*.whl")]
        session.run("uv", "venv", "-q", "--python", session.virtualenv.location, str(alone))
        session.run(*("uv", "pip", "install", "-q", "--python", str(alone), *CONSTRAINTS, *wheels))
        pytest = str(alone / "bin" / "pytest")
        session.chdir(directory)
        session.run("python", WITH_BLOG, "flask-gunicorn", *suite(pytest), *session.posargs)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Walk through the pages in Chromium, look at them with axe; `-- browser` does all there is."""
    if not any(map(shutil.which, CHROMIUMS)) and os.geteuid() == 0 and shutil.which("apt-get"):
        for step in ("update", "install --no-install-recommends chromium"):
            session.run_install(
                *("apt-get", "-q", "-y", *step.split()),
                env={"DEBIAN_FRONTEND": "noninteractive"},
                external=True,
                success_codes=range(256),  # what to do where it fails is said below
            )
    if not any(map(shutil.which, CHROMIUMS)):
        session.error("Install Chromium (on Debian: apt-get install chromium), then try again")
    install(session, "browser")
    session.run("python", "-m", "pytest", *(session.posargs or ["browser", "-m", "not long"]))


@nox.session(default=False)
def observatory(session: nox.Session) -> None:
    """Have the MDN HTTP Observatory grade the three over https; npm fetches it."""
    if not shutil.which("npm"):
        session.error("Install Node 20 or later with npm, then try again")
    install(session, "test")
    grader = Path(session.create_tmp(), "observatory").resolve()
    session.run_install(
        *("npm", "install", "--prefix", str(grader), "--no-save", "--no-audit", "--no-fund"),
        # Its own script only fetches lists of hosts that browsers know; ours is on none of them.
        *("--ignore-scripts", OBSERVATORY, "--before", OBSERVATORY_DAY),
        external=True,
    )
    package = grader / "node_modules" / "@mdn" / "mdn-http-observatory"
    (package / "conf" / "hsts-preload.json").write_text("{}", "utf-8")
    scan = str(package / "src" / "scan.js")
    session.run("python", "-m", "tools.observatory", scan, *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a warning is an error."""
    session.install(*CONSTRAINTS, "--group", "docs")
    # As a module, so that it finds `tools.includes` here.
    session.run("python", "-m", "zensical", "build", "--strict", "--clean", *session.posargs)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Serve the blog through the three frameworks, side by side, until Ctrl-C."""
    install(session)
    # Ctrl-C reaches the demo as well; nox only has to wait while it stops three servers.
    session.run("triptych", "demo", *session.posargs, interrupt_timeout=20, terminate_timeout=20)


@nox.session(default=False)
def deploy(session: nox.Session) -> None:
    """Start every server and proxy with the files of deploy/, and see what each flag does."""
    install(session, "test")
    install_proxies(session)
    session.run("python", "-m", "pytest", *(session.posargs or DEPLOYED))


@nox.session(default=False)
def rolling(session: nox.Session) -> None:
    """Restart every server ten times under load, count what failed; `-- --only "flask USR2"`."""
    install(session, "test")
    session.run("python", "-m", "tests.deploy.rolling", *session.posargs)


@nox.session(default=False)
def slow_clients(session: nox.Session) -> None:
    """Let a thousand slow clients come to every documented set-up; `-- --only nginx`."""
    install(session, "test")
    install_proxies(session)
    session.run("python", "-m", "tests.deploy.slow_clients", *session.posargs)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Load the three steadily, see whether memory or descriptors grow; `-- --minutes 30`."""
    install(session, "test")
    session.run("python", "-m", "tests.deploy.soak", *session.posargs)


def install_proxies(session: nox.Session) -> None:
    """Install nginx and Caddy from Debian without starting them; else say what to do."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    needed = [name for name in PROXIES if not shutil.which(name, path=path)]
    if needed and os.geteuid() == 0 and shutil.which("apt-get"):
        policy = Path("/usr/sbin/policy-rc.d")  # Debian asks it whether a service may start
        ours = not policy.exists()
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n", "utf-8")
            policy.chmod(0o755)
        try:
            packages = " ".join(PROXIES[name] for name in needed)
            for step in ("update", f"install --no-install-recommends {packages}"):
                session.run_install(
                    *("apt-get", "-q", "-y", *step.split()),
                    env={"DEBIAN_FRONTEND": "noninteractive"},
                    external=True,
                    success_codes=range(256),  # what to do where it fails is said below
                )
        finally:
            if ours:
                policy.unlink()
    if [name for name in PROXIES if not shutil.which(name, path=path)]:
        packages = " ".join(PROXIES.values())
        session.error(f"Install nginx and Caddy (on Debian: apt-get install {packages}), try again")


@nox.session(default=False)
def cut_over(session: nox.Session) -> None:
    """Move every route twice under load, behind nginx and Caddy; `-- --seconds 30` is quick."""
    install(session, "test")
    install_proxies(session)
    chosen = any(word.startswith("--proxy") for word in session.posargs)
    for proxy in ("",) if chosen else PROXIES:
        of = ["--proxy", proxy] if proxy else []
        session.run("python", "-m", "examples.cut_over", *of, *session.posargs)


@nox.session(default=False)
def fourth(session: nox.Session) -> None:
    """Hold Litestar, assembled from docs/add-a-framework.md, to the contract; `-- -k posts`."""
    install(session, "test")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "examples.fourth.assemble", folder)
        session.run(
            *("python", WITH_BLOG, "asgi:blog_litestar.asgi:app", *suite("pytest")),
            *session.posargs,
            env={"PYTHONPATH": folder},
        )


@nox.session(default=False)
def mounted(session: nox.Session) -> None:
    """Hold what is mounted in one process to the contract; `-- -k posts`."""
    install(session, "test")
    for target in (
        "asgi:examples.mounted.fastapi_outside:app",
        "wsgi:examples.mounted.wsgi_both:app",
    ):
        session.run(
            *("python", WITH_BLOG, target, *suite("pytest"), *session.posargs),
            env={"PYTHONPATH": "."},
        )


@nox.session(default=False)
def releases(session: nox.Session) -> None:
    """Change the schema while two releases serve; `-- --database URL`, `-- --mutant rename`."""
    install(session, "test")
    if session.posargs:
        session.run("python", "-m", "tests.releases", *session.posargs)
    else:
        session.run("pytest", RELEASES)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure each adapter against the tutorial spelling of its framework and the bare driver."""
    install(session, "bench")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session(default=False)
def third_party(session: nox.Session) -> None:
    """Compare pygeoapi's Flask with its Starlette; `-- --seed N` makes other requests."""
    session.install("./packages/parity", "--requirements", "examples/pygeoapi/requirements.txt")
    work = Path(session.create_tmp()).resolve()
    session.chdir("examples/pygeoapi")
    document = str(work / "openapi.json")
    env = {
        "PYGEOAPI_CONFIG": "config.yml",
        "PYGEOAPI_OPENAPI": document,
        "PYGEOAPI_WORK": str(work / "alone"),
        "PYTHONPATH": ".",
    }
    session.run("python", "-c", "import first_state; first_state.reset()", env=env)
    session.run(
        *("pygeoapi", "openapi", "generate", "config.yml"),
        *("--format", "json", "--output-file", document),
        env=env,
    )
    session.run(
        *("parity", "compare", "wsgi:pygeoapi.flask_app:APP", "asgi:pygeoapi.starlette_app:APP"),
        *("--name", "flask", "--name", "starlette", "--openapi", document),
        *("--env", f"1:PYGEOAPI_WORK={work / 'flask'}"),
        *("--env", f"2:PYGEOAPI_WORK={work / 'starlette'}"),
        *("--reset", "first_state:reset", *session.posargs),
        env=env,
        success_codes=[0, 1],  # that they differ is what it shows
    )


@nox.session(default=False, venv_backend="none")
def constraints(session: nox.Session) -> None:
    """Rewrite constraints.txt from every pyproject.toml; `-- --upgrade` takes newer versions."""
    members = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("packages/*/pyproject.toml"))
    distributions = [nox.project.load_toml(path)["project"]["name"] for path in members]
    session.run(
        *("uv", "pip", "compile", "-q", "--universal", "--python-version", PYTHONS[0]),
        *("--no-header", "--no-annotate", "--all-extras"),
        *(f"--no-emit-package={name}" for name in distributions),
        *(f"--group={name}" for name in nox.project.load_toml()["dependency-groups"]),
        *("--output-file", "constraints.txt", "pyproject.toml", *members, *session.posargs),
    )


def suite(pytest: str, *chosen: str) -> list[str]:
    """The command that runs the contract suite; tools/with_blog.py fills in what is in braces."""
    blog = ["--target", "{target}", "--staff", "{staff}"]
    limited = ["--limited", "{limited}", "--limited-env={limited-env}"]
    return [pytest, "--pyargs", *(chosen or ("blog_contract",)), *blog, *limited]


if __name__ == "__main__":
    nox.main()

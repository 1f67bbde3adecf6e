"""oidc-provider, which is certified by the OpenID Foundation, in a process of its own.

with real_provider(["http://localhost:8000/openid/real"]) as provider:
    back = signed_in(authorization_url, "ada")
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "openid-provider"
SECRET = "blog's secret: 100% +/="


@contextmanager
def real_provider(callbacks: Sequence[str]) -> Iterator[str | None]:
    """The issuer of a provider that knows `blog`, which it sends back to these addresses.

    None where there is no Node.js; in CI there has to be one.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if (node is None or npm is None) and "CI" not in os.environ:
        yield None
        return
    assert node, "node is missing"
    assert npm, "npm is missing"
    _install(npm)
    with (CACHE / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [node, "provider.mjs", *callbacks],
            cwd=CACHE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    with process:
        assert process.stdin
        assert process.stdout
        try:
            issuer = process.stdout.readline().decode().strip()
            assert issuer, (CACHE / "provider.log").read_text()
            yield issuer
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _install(npm: str) -> None:
    """Put the provider into the cache, where it is not there as it is wanted."""
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted, there = HERE / "package.json", CACHE / "package.json"
    shutil.copy(HERE / "provider.mjs", CACHE)
    if (CACHE / "node_modules").exists() and there.read_bytes() == wanted.read_bytes():
        return
    shutil.copy(wanted, there)
    quietly = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent")
    done = subprocess.run([npm, "install", *quietly], cwd=CACHE, check=False, capture_output=True)
    if done.returncode:
        there.unlink()
        pytest.fail(f"npm install failed: {done.stdout!r} {done.stderr!r}", pytrace=False)


def signed_in(url: str, login: str | None) -> str:
    """Where the provider sends a browser back to that signs in there as `login`, or cancels."""
    with httpx2.Client(trust_env=False, timeout=20) as browser:
        answer = browser.get(url)
        for _ in range(20):
            if answer.is_redirect:
                url = urljoin(f"{answer.url}", answer.headers["Location"])
                if "/openid/" in url:
                    return url
                answer = browser.get(url)
                continue
            assert answer.status_code == 200, answer.text
            page = f"{answer.url}"
            if login is None:
                cancel = re.search(r'href="([^"]*/abort)"', answer.text)
                assert cancel, answer.text
                answer = browser.get(urljoin(page, cancel[1]))
                continue
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form, answer.text
            assert prompt, answer.text
            fields = {"prompt": prompt[1]}
            if prompt[1] == "login":
                fields |= {"login": login, "password": "any"}
            answer = browser.post(urljoin(page, form[1]), data=fields)
    raise AssertionError("the provider never sends anybody back")

"""The machine's paths: livez and readyz."""

import pytest

from blog_contract.client import Client
from blog_contract.sentences import sentence


@sentence("livez", "json-bytes")
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_ok_in_these_bytes(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (200, b'{"status":"ok"}') == (answer.status, answer.body)
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Content-Length") == "15"


@sentence("livez", "query")
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_ignores_a_query(client: Client, path: str) -> None:
    assert b'{"status":"ok"}' == client.get(f"{path}?verbose=1&verbose=2").body


@sentence("bad-token", "livez")
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_reads_no_credentials(client: Client, path: str) -> None:
    assert 200 == client.get(path, token="no such token").status

"""The pytest plugin: the fixture `parity`.

def test_the_port_answers_like_the_original(parity):
    parity.compare("wsgi:old:app", "asgi:new:app", openapi=Path("openapi.json"), examples=500)
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from http_parity.testing import Parity


@pytest.fixture(scope="session")
def parity() -> "Parity":
    """Compares HTTP applications; a difference fails the test with the report."""
    # Every pytest in the environment loads this module, most of them for nothing.
    from http_parity.testing import Parity  # noqa: PLC0415

    return Parity()

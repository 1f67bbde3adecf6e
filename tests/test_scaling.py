"""The page about scaling out names every constraint, so that a new one is thought about."""

from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from blog_core.storage.tables import metadata

PAGE = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text("utf-8")
KEPT = (PrimaryKeyConstraint, UniqueConstraint, ForeignKeyConstraint)


@pytest.mark.parametrize(
    ("table", "name"),
    sorted(
        (table.name, f"{constraint.name}")
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, KEPT)
    ),
)
def test_every_constraint_is_on_the_page(table: str, name: str) -> None:
    assert f"| `{table}` |" in PAGE
    assert f"`{name}`" in PAGE

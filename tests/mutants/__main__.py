"""Write the page of the mutants: `python -m tests.mutants`."""

from pathlib import Path

from tests.mutants import PAGE, page

(Path(__file__).parents[2] / PAGE).write_text(page(), "utf-8")

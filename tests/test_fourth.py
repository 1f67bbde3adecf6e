"""A fourth framework, from docs/add-a-framework.md alone; the contract is `nox -s fourth`."""

from examples.fourth.assemble import ROOT, files

SOURCE = ROOT / "examples" / "fourth" / "src"
PACKAGE = SOURCE / "blog_litestar"


def test_the_page_has_every_line_of_the_package() -> None:
    written = {
        str(path.relative_to(SOURCE)): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")
    }
    assert written == files()

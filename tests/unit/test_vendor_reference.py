"""The tables of vendors in the docs: complete, with links that lead somewhere, and as fresh as the rows."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from providers import reference, support
from providers.reference import CHINESE, ENGLISH, Language, matrix, shelf, summary
from providers.vendor import CredentialFields
from tests.unit.toy import TOY

STOCK = shelf()
LANGUAGES = [pytest.param(ENGLISH, id="English"), pytest.param(CHINESE, id="Chinese")]


def test_documents_are_fresh() -> None:
    """A table of vendors is stale: run python -m providers.reference."""
    assert reference.main(["--check"]) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_is_listed(language: Language) -> None:
    """A row is missing, a cell is too many or empty, or a link leads nowhere."""
    for table, folder in ((matrix, reference.PAGES), (summary, Path())):
        lines = [line for line in table(STOCK, language) if line.startswith("|")]
        assert len({line.count("|") for line in lines}) == 1
        assert all(cell.strip() for line in lines for cell in line.strip("|").split("|"))
        links = re.findall(r"\]\(([^)]+)\)", "\n".join(lines))
        assert links
        assert all((reference.ROOT / folder / link).is_file() for link in links)
    told = "\n".join(matrix(STOCK, language))
    assert all(f"[`{name}`](" in told for name in STOCK.rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_service_is_in_the_summary(language: Language) -> None:
    """A key under services is in no line of the summary."""
    told = "\n".join(summary(STOCK, language))
    for row in STOCK.rows.values():
        assert f"`{STOCK.head(row).name}`" in told
        assert all(f"`{service}`" in told for service in row.services)


def test_cells() -> None:
    """A mark says more or less than the row, or a family less than its rows together."""
    few = frozenset({support.STREAM, support.TOOLS, support.TOOL_NONE, support.JSON_OBJECT, support.MAX_TOKENS})
    plain = replace(
        TOY, name="toy", services=("play",), supports=few, title="Toy", title_zh="玩具", base_url="", embed=None
    )
    second = replace(plain, name="toy-two", services=(), supports=support.EVERYTHING, base_url="https://t.example")
    keyless = CredentialFields(((),), ("api_key",))
    stock = reference.Shelf(
        {"toy": replace(plain, credentials=keyless), "toy-two": replace(second, transport="websocket")},
        {"toy": "toys", "toy-two": "toys"},
        {"toys", "toys.zh-CN"},
    )
    assert list(matrix(stock, CHINESE))[2].startswith("| [`toy`](toys.zh-CN.md) (`play`) | 玩具 |")
    first, other = list(matrix(stock, ENGLISH))[2:]
    tools = "✓ one call, not `required`, `named`"
    assert f" | ✓ | ✓ | {tools} | – | object | – | – | `stop`, `length`, `usage` | – |" in first
    assert "(websocket) | ✓ | ✓ | ✓ | ✓ | object, schema | ✓ | – | – | <https://t.example> |" in other
    line = list(summary(stock, ENGLISH))[2]
    ways = "none or `api_key`"
    assert line == f"| `toy` (`play`) | Toy | ✓ | ✓ | ✓ | ✓ | – | {ways} | [page](docs/vendors/toys.md) |"


def test_stale_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale table passes the check, or is not renewed."""
    (tmp_path / reference.PAGES).mkdir(parents=True)
    for path in reference.DOCUMENTS:
        (tmp_path / path).write_text(f"before\n{reference.BEGIN}\nold\n{reference.END}\nafter\n", encoding="utf-8")
    assert reference.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.count("is stale") == len(reference.DOCUMENTS)
    assert reference.main([], tmp_path) == 0
    assert reference.main(["--check"], tmp_path) == 0
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert (text.startswith("before\n"), text.endswith("\nafter\n"), "old" in text) == (True, True, False)


def test_document_without_marks() -> None:
    """A document that has lost its marks is overwritten."""
    with pytest.raises(ValueError, match="marks"):
        reference.refreshed("nothing here", ())

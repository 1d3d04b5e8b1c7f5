"""The reference of all settings: complete, and as fresh as the schemas."""

from pathlib import Path

import pytest

from config import reference


def test_every_setting_is_documented() -> None:
    """A setting has no help text, or its row is not in the table."""
    tables = reference.tables()
    for title, schema in reference.SECTIONS:
        for name, field in schema().fields.items():
            assert field.metadata["help"].endswith("."), f"{title}: {name}"
            assert f"`{name}`" in tables, f"{title}: {name}"


def test_document_is_fresh() -> None:
    """docs/configuration.md is stale: run python -m config.reference."""
    assert reference.main(["--check"]) == 0


def test_defaults_and_units() -> None:
    """A default in the table is not the product's own, or a unit is missing."""
    lines = reference.tables().splitlines()
    assert "| `keepalive_seconds` | number ≥ 1 | seconds | 15 |" in "\n".join(line[:52] for line in lines)
    row = next(line for line in lines if line.startswith("| `failure_threshold`"))
    assert row.split(" | ")[2:4] == ["failures", "5"]
    row = next(line for line in lines if line.startswith("| `load_balancing`"))
    assert row.split(" | ")[3] == "`random`"
    row = next(line for line in lines if line.startswith("| `debug`"))
    assert row.split(" | ")[3] == "false"


def test_stale_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale table passes the check, or is not renewed."""
    path = tmp_path / "configuration.md"
    path.write_text(f"before\n{reference.BEGIN}\nold\n{reference.END}\nafter\n", encoding="utf-8")
    assert reference.main(["--check"], path) == 1
    assert "configuration.md is stale" in capsys.readouterr().err
    assert "old" in path.read_text(encoding="utf-8")
    assert reference.main([], path) == 0
    assert reference.main(["--check"], path) == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


def test_document_without_marks() -> None:
    """A document that has lost its marks is overwritten."""
    with pytest.raises(ValueError, match="marks"):
        reference.refreshed("nothing here")

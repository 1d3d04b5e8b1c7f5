"""Every file of ``tests/broken`` is refused with exactly the report beside it: place, path, message, hint."""

from pathlib import Path

import pytest

from config.load import ConfigError, loads
from tests.unit.rows import ROWS

FILES = sorted(path for path in (Path(__file__).parents[1] / "broken").iterdir() if path.suffix != ".expected")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_report(path: Path) -> None:
    """A fault of this file is not found, found elsewhere, or told in other words."""
    with pytest.raises(ConfigError) as refused:
        loads(path.read_bytes(), path.name, {"EMPTY": ""}, ROWS)
    expected = path.with_name(f"{path.name}.expected").read_text(encoding="utf-8")
    assert f"{refused.value}\n" == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_secret_free(path: Path) -> None:
    """A report shows the value of a secret."""
    with pytest.raises(ConfigError) as refused:
        loads(path.read_bytes(), path.name, {"EMPTY": ""}, ROWS)
    told = [*refused.value.faults, *refused.value.notes]
    assert "CANARY" not in "\n".join(map(str, told))


def test_number_of_files() -> None:
    """Broken files or their reports have been lost."""
    assert len(FILES) >= 50
    assert len(list(FILES[0].parent.glob("*.expected"))) == len(FILES)

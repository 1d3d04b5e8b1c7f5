"""The import arrows of the house: app may use config and providers, config may use providers, providers neither."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_USE = {"providers": {"providers"}, "config": {"config", "providers"}, "app": {"app", "config", "providers"}}
FILES = [(package, path) for package in MAY_USE for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(("package", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_arrow(package: str, path: Path) -> None:
    """Broken: a package reaches into a room above its own."""
    ours = imported(path) & set(MAY_USE)
    assert ours <= MAY_USE[package]
    if package == "providers":
        assert not imported(path) & {"flask", "gevent", "marshmallow"}

"""Whatever stands in a config file: settings, or faults that each have a line and a column inside the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from config.load import ConfigError, loads
from config.model import Settings
from providers.vendor import load_vendors
from tests.fuzz import values
from tests.fuzz.sizes import Size, sized

SAMPLES: Final = sorted((Path(__file__).parents[2] / "config" / "samples").iterdir())
BROKEN: Final = sorted(
    path for path in (Path(__file__).parents[1] / "broken").iterdir() if path.suffix in (".json", ".yaml")
)
VENDORS: Final = load_vendors()

contents: Final = st.sampled_from([(path.read_bytes(), path.name) for path in SAMPLES])
broken: Final = st.sampled_from([(path.read_bytes(), path.name) for path in BROKEN])


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_bytes())


documents: Final = st.sampled_from([document(path) for path in SAMPLES])
ODD: Final = st.sampled_from(
    (
        "${NOPE}",
        "${file:nope}",
        "${file:/}",
        "${HOME",
        "$$",
        "${X:-y}",
        "${file:.}",
        "http://[",
        "socks5://",
        "::1:9090",
    )
)


@st.composite
def with_odd_texts(draw: st.DrawFn) -> Any:
    """A good config with a few texts that mean something to its reader in odd places."""
    text = json.dumps(draw(documents))
    for _ in range(draw(st.integers(1, 3))):
        pieces = text.split('"')
        place = draw(st.integers(0, max(0, (len(pieces) - 2) // 2))) * 2 + 1
        pieces[place] = draw(ODD)
        text = '"'.join(pieces)
    return text.encode(), "config.json"


def as_text(value: Any) -> st.SearchStrategy[tuple[bytes, str]]:
    """A value as a file, in either format."""
    return st.sampled_from(
        (
            (json.dumps(value, indent=1).encode(), "config.json"),
            (json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "config.json"),
            (yaml.safe_dump(value).encode(), "config.yaml"),
        )
    )


files: Final[st.SearchStrategy[tuple[bytes, str]]] = st.one_of(
    values.changed(documents).flatmap(as_text),
    contents.flatmap(lambda file: st.tuples(values.spoilt(st.just(file[0])), st.just(file[1]))),
    broken.flatmap(lambda file: st.tuples(values.spoilt(st.just(file[0])), st.just(file[1]))),
    with_odd_texts(),
    values.json.flatmap(as_text),
    st.tuples(st.binary(max_size=40), st.sampled_from(["config.json", "config.yaml", "config"])),
)


def check(content: bytes, name: str, environ: Mapping[str, str]) -> None:
    try:
        settings = loads(content, name, environ, VENDORS)
    except ConfigError as error:
        assert error.faults
        lines = content.decode("utf-8", "replace").split("\n")
        for fault in (*error.faults, *error.notes):
            assert 1 <= fault.line <= _line_count(lines), fault
            assert fault.column >= 1 and fault.message and str(fault).startswith(f"{name}:{fault.line}:"), fault
        return
    assert isinstance(settings, Settings) and 0 < settings.bind_port < 65536


def _line_count(lines: list[str]) -> int:
    """How many lines a file has at most: YAML ends them at some letters more."""
    return sum(1 + sum(map(line.count, "\r\x85\u2028\u2029")) for line in lines)


@sized(80, 15_000)
def test_any_file_is_settings_or_faults(size: Size) -> None:
    """Broken: a slip in a config file ends the start, or a reload, with a traceback, or never ends."""

    def settings_or_faults(file: tuple[bytes, str]) -> None:
        check(*file, {"SIMPLE_ONE_API_WORKERS": "1"})

    size.check(settings_or_faults, files)

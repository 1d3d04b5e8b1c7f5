"""The small parts: nearest names, URLs, positions, and how faults are printed."""

import pytest
import yaml

from config import positions, urls
from config.faults import Report, dotted, printable
from config.keys import did_you_mean, nearest
from config.positions import Place
from config.schema_entry import EntrySchema
from config.tidy import tidy


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("appId", "appid"),
        ("app_id", "appid"),
        ("server-url", "server_url"),
        ("serverUrl", "server_url"),
        ("sevrer_url", "server_url"),
        ("server_ul", "server_url"),
        ("server_urll", "server_url"),
        ("zerver_urk", "server_url"),
        ("server_address", None),
        ("rps", "qps"),
        ("id", None),
        ("q", None),
        ("", None),
    ],
)
def test_nearest(name: str, guess: str | None) -> None:
    """A misspelling is not seen, or something else is taken for one."""
    assert nearest(name, ["appid", "server_url", "qps", "tokens"]) == guess


def test_nearest_of_several() -> None:
    """Of two names that are as near the shorter one is guessed, or nothing at all is known."""
    assert nearest("randm", ["rand", "random"]) == "random"
    assert nearest("x", []) is None


def test_hint() -> None:
    """A hint is missing where a name is only half written."""
    assert did_you_mean("warning", ["warn", "info"]) == 'did you mean "warn"?'
    assert did_you_mean("zzz", ["warn", "info"]) == ""


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://x", "scheme"),
        ("verylongscheme://x", "scheme is not"),
        ("x.example/v1", "no scheme"),
        ("mailto:x", "no scheme"),
        ("https://", "no host"),
        ("https://:80", "no host"),
        ("https://a b", "blank"),
        ("https://a\tb", "blank"),
        ("https://a:x", "port"),
        ("https://a:0", "port"),
        ("https://a:65536", "port"),
        ("https://[::1", "well formed"),
    ],
)
def test_bad_url(url: str, message: str) -> None:
    """An address that cannot be called is taken for one that can, or its fault is told wrongly."""
    with pytest.raises(urls.AddressError, match=message) as refused:
        urls.checked(url)
    assert url not in refused.value.message


@pytest.mark.parametrize("url", ["http://a", "HTTPS://a/b?c=d", "ws://127.0.0.1:1", "wss://[::1]:65535/x"])
def test_good_url(url: str) -> None:
    """An address that can be called is refused."""
    assert urls.checked(url).hostname


def test_paths() -> None:
    """A path cannot be read, or its keys run into each other."""
    assert dotted(()) == ""
    assert dotted(("services", "openai", 0, "model_map", "gpt-4.1", "x")) == 'services.openai[0].model_map["gpt-4.1"].x'
    assert dotted((0,)) == "[0]"
    assert printable("a\nb") == "a?b"


def test_first_fault_of_a_value() -> None:
    """A value is complained of twice, or faults of its keys are lost."""
    report = Report("c")
    report.fault(("a",), "first")
    report.fault(("a",), "second")
    report.fault(("a",), "third", key="b")
    assert [fault.message for fault in report.faults] == ["first", "third"]


def test_places() -> None:
    """A place is lost when its key is renamed, or an unknown one is not told from its surroundings."""
    root = positions.of_yaml("a:\n  b: [1, {c: 2}]\n").root
    assert root.find(("a", "b", 1, "c")).value == (2, 14)
    assert root.find(("a", "b", 1, "c")).key == (2, 11)
    assert root.find(("a", "x", 1)).value == (2, 3)
    root.rename("a", "z")
    root.rename("nobody", "y")
    assert root.find(("z", "b", 0)).value == (2, 7)
    assert Place().value == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!int x",
        "a: !!bool x",
        "a: !!python/name:os.system",
        "a: !x {}",
        "? [a]\n: b",
        "a: !!float x",
        "<<: 5",
    ],
)
def test_yaml_that_is_refused(text: str) -> None:
    """A tag is obeyed, or ends in a traceback."""
    with pytest.raises(yaml.MarkedYAMLError):
        positions.of_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        "&a [*a]",
        "[" * 60 + "]" * 60,
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
        ),
    ],
)
def test_yaml_bomb(text: str) -> None:
    """A file that refers to itself, or multiplies without end, hangs the start."""
    with pytest.raises(positions.TooLargeError):
        positions.of_yaml(text)


def test_yaml_values() -> None:
    """A value of YAML is not what its writer meant."""
    value = positions.of_yaml("{a: 5, b: 0o17, c: 1_000, d: 12:30, e: 1.5, f: null, g: no, h: =, 9: x, yes: y}").value
    assert value == {
        "a": 5, "b": "0o17", "c": "1_000", "d": "12:30", "e": 1.5, "f": None, "g": False, "h": "=", "9": "x", "yes": "y"
    }  # fmt: skip


def test_empty_yaml() -> None:
    """A file of remarks only ends in a traceback."""
    assert positions.of_yaml("# nothing\n").value is None


def test_tidy_leaves_its_argument_alone() -> None:
    """The document is changed while it is read."""
    raw = {"Models": ["m"], "limit": {"qps": 0}}
    tidied = tidy(raw, EntrySchema(), (), Report("c"))
    assert tidied == {"models": ["m"], "limit": {}}
    assert raw == {"Models": ["m"], "limit": {"qps": 0}}

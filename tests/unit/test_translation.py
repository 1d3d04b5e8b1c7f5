"""Prompts and bodies of translations."""

from typing import Any

import pytest

from app import render, translation
from app.api.translate import _events
from app.errors import ApiError
from app.translation import Wanted
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Head

END = Delta(finish_reason="stop")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("To {target_lang} from {source_lang}: {text}", "To DE from EN: 100 %s {target_lang}"),
        ("To %s:\n%s\nEnd", "To DE:\n100 %s {target_lang}\nEnd"),
        ("To {target_lang}.", "To DE.\n\n100 %s {target_lang}"),
        ("{{text}} {other}", "{100 %s {target_lang}} {other}"),
    ],
)
def test_templates(template: str, expected: str) -> None:
    """A template of an older config is misread, or blanks within the text are filled too."""
    assert translation.prompt(template, "100 %s {target_lang}", "DE", "EN") == expected


@pytest.mark.parametrize("source", ["", "EN"])
def test_own_prompt(source: str) -> None:
    """The built-in prompt lacks the text or the languages, or holds a blank."""
    made = translation.prompt("", "Hello\nworld", "ZH", source)
    assert "Hello\nworld" in made and '"ZH"' in made and ('"EN"' in made) is bool(source)
    assert "{" not in made


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "a", "target_lang": "de"}, Wanted(("a",), "de", "", "m")),
        ({"text": ["a", ""], "target_lang": "DE", "source_lang": "auto"}, Wanted(("a", ""), "DE", "", "m")),
        (
            {"text": "a", "target_lang": "DE", "source_lang": "EN", "model": "x", "stream": True},
            Wanted(("a",), "DE", "EN", "x", True),
        ),
    ],
)
def test_bodies(body: dict[str, Any], expected: Wanted) -> None:
    """A client's habit is refused."""
    assert translation.wanted(body, "m") == expected


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "text"),
        ({"text": [], "target_lang": "DE"}, "text"),
        ({"text": ["a", 1], "target_lang": "DE"}, "text"),
        ({"text": ["a"] * 501, "target_lang": "DE"}, "text"),
        ({"text": "a"}, "target_lang"),
        ({"text": "a", "target_lang": "D" * 513}, "target_lang"),
        ({"text": "a", "target_lang": " "}, "target_lang"),
        ({"text": "a", "target_lang": "DE", "source_lang": 1}, "source_lang"),
        ({"text": "a", "target_lang": "DE", "model": []}, "model"),
    ],
)
def test_bad_bodies(body: dict[str, Any], param: str) -> None:
    """A bad body ends in a 500, or the field at fault is not named."""
    with pytest.raises(ApiError) as raised:
        translation.wanted(body, "m")
    assert (raised.value.status, raised.value.param) == (400, param)


def stream_of(*deltas: Delta | None) -> list[str | None]:
    return list(translation._texts(iter(deltas)))


def test_pieces_of_a_stream() -> None:
    """A delta without a word counts as silence, and a comment goes out for each; or silence does not."""
    deltas = Delta(head=Head("1", 1)), None, Delta(reasoning="hm"), Delta(text="Ha"), Delta(text="llo"), END
    assert stream_of(*deltas) == ["", None, "", "Ha", "llo", ""]


@pytest.mark.parametrize("deltas", [(Delta(text="Ha"), Delta(finish_reason="length")), (END,)])
def test_a_stream_that_was_not_finished(deltas: tuple[Delta, ...]) -> None:
    """Half a translation, or none, is taken for one because it came as a stream."""
    with pytest.raises(ProviderError) as caught:
        stream_of(*deltas)
    assert caught.value.kind is ErrorKind.INCOMPLETE


def test_comments_of_a_stream() -> None:
    """A model that thinks for long before it translates loses its client, or one that does not sends comments."""
    asked = Wanted(("a",), "DE", "", "m", stream=True)
    assert list(_events(iter(["", ""]), asked, 15.0)) == []
    assert list(_events(iter(["", None]), asked, 15.0)) == [render.KEEPALIVE]
    assert list(_events(iter(["", ""]), asked, 0.0)) == [render.KEEPALIVE] * 2
    (event,) = _events(iter(["", "Hallo"]), asked, 15.0)
    assert event.startswith(b'data: {"code":200,"data":"Hallo"')

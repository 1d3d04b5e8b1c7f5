"""The kinds of values a config holds, each as strict as its meaning: no number out of a text, no text out of a number.

A message may carry a hint behind a line break; ``hint_apart`` takes them apart. ``kind`` is what the reference table
calls the type. Plain shapes only: what values mean for one another is checked elsewhere.
"""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from marshmallow import ValidationError, fields

from config import urls
from config.environment import Substituted
from config.keys import did_you_mean
from config.positions import Numeral

_WORDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
)

_LARGEST: Final = 1e300
"""Past this neither ``float`` nor ``int`` can hold what the other does; NaN is not within it either."""

Data = Mapping[str, Any] | None


def found(value: object) -> str:
    """What a value is, in the words of messages; never the value itself."""
    return next((name for kind, name in _WORDS if isinstance(value, kind)), "nothing")


def wrong_type(expected: str, value: object, hint: str = "") -> ValidationError:
    """The fault that ``value`` is not ``expected``."""
    return with_hint(f"expected {expected}, found {found(value)}", hint)


def with_hint(message: str, hint: str = "") -> ValidationError:
    """A fault whose message carries a hint."""
    return ValidationError(f"{message}\n{hint}" if hint else message)


def hint_apart(message: str) -> tuple[str, str]:
    """The message and the hint of a fault made here."""
    text, _, hint = message.partition("\n")
    return text, hint


class Text(fields.Field[Any]):
    """A text, without the blanks around it. A number of a YAML file counts as the text it was written as."""

    kind = "text"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if isinstance(value, Numeral):
            return str(int(value))
        if not isinstance(value, str):
            raise wrong_type("text", value, "put it in quotes" if isinstance(value, (int, float)) else "")
        return str(value).strip()


class Url(Text):
    """A text that is a URL."""

    kind = "URL"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        url = urls.completed(super()._deserialize(value, attr, data, **kwargs))
        try:
            urls.checked(url)
        except urls.AddressError as error:
            raise with_hint(error.message, error.hint) from None
        return url


class Choice(Text):
    """One of a few words, in any case. ``words`` maps each to the value it stands for, ``more`` those not listed."""

    def __init__(self, words: Mapping[str, str], more: Mapping[str, str] = MappingProxyType({}), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words
        self.more = more
        self.kind = ", ".join(f"`{word}`" for word in words)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        word = super()._deserialize(value, attr, data, **kwargs)
        if known := self.words.get(word.lower()) or self.more.get(word.lower()):
            return known
        shown = "" if isinstance(value, Substituted) or len(word) > 20 else f' "{word}"'
        raise with_hint(f"unknown value{shown}", did_you_mean(word, self.words) or f"one of {', '.join(self.words)}")


class Number(fields.Field[Any]):
    """A finite number. ``above`` is a lower bound it may not touch, ``least`` is one it may."""

    noun = "number"

    def __init__(self, *, above: float | None = None, least: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.above, self.least = above, least
        bounds = ((">", above), ("≥", least))
        self.kind = " ".join([self.noun, *(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)])

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        number = float(value) if isinstance(value, Substituted) and _is_number(value) else value
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise wrong_type("a number", value, "remove the quotes" if _is_number(value) else "")
        if not -_LARGEST <= number <= _LARGEST:
            raise with_hint("this is not a finite number")
        self._check_bounds(number)
        return self._typed(number)

    def _check_bounds(self, number: float) -> None:
        if self.above is not None and number <= self.above:
            raise with_hint(f"must be more than {self.above:g}")
        if self.least is not None and number < self.least:
            raise with_hint(f"must be at least {self.least:g}")

    def _typed(self, number: float) -> float:
        return float(number)


class Whole(Number):
    """A number without a fraction."""

    noun = "whole number"

    def _typed(self, number: float) -> int:
        if number != int(number):
            raise with_hint("must be a whole number")
        return int(number)


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


class Flag(fields.Field[Any]):
    """true or false."""

    kind = "true or false"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        word = value.strip().lower() if isinstance(value, str) else ""
        if isinstance(value, Substituted) and word in ("true", "false"):
            return word == "true"
        if not isinstance(value, bool):
            raise wrong_type("true or false", value, "remove the quotes" if word in ("true", "false") else "")
        return value


class Names(fields.Field[Any]):
    """A list of names: trimmed, each once, blank ones and nulls left out."""

    kind = "list of names"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise wrong_type("a list", value, "put it in [ ]" if isinstance(value, str) else "")
        names = _each(Text(), ((index, item) for index, item in enumerate(value) if item is not None))
        return tuple(dict.fromkeys(name for name in names.values() if name))


class Map(fields.Field[Any]):
    """An object whose keys are free and whose values are all of one kind; nulls and blank texts are left out."""

    def __init__(self, values: fields.Field[Any], kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.values = values
        self.kind = kind

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong_type("an object", value)
        return _each(self.values, ((key, item) for key, item in value.items() if not self._is_absent(item)))

    def _is_absent(self, item: Any) -> bool:
        return item is None or (isinstance(self.values, Text) and isinstance(item, str) and not item.strip())


class Anything(fields.Field[Any]):
    """What stands there, kept as it is, but for its type: ``shape`` is ``dict``, ``list`` or None for any."""

    def __init__(self, shape: type | None = None, kind: str = "any", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = shape
        self.kind = kind

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if self.shape and not isinstance(value, self.shape):
            raise wrong_type("an object" if self.shape is dict else "a list", value)
        return value


def _each(field: fields.Field[Any], items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Every item read by ``field``. Raises one fault for all that are wrong, by key."""
    read: dict[Any, Any] = {}
    faults: dict[Any, Any] = {}
    for key, item in items:
        try:
            read[key] = field.deserialize(item)
        except ValidationError as error:
            faults[key] = error.messages
    if faults:
        raise ValidationError(faults)
    return read

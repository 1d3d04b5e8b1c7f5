"""What each generation of Gemini takes and refuses, told by its name.

The table is a set of hints: a name that tells no generation gets what every model of this wire takes.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

Version = tuple[int, int]

_NAME: Final = re.compile(r"gemini-(?:live-)?(?P<major>\d)(?:\.(?P<minor>\d+))?(?!\d)")
_LATEST: Final = re.compile(r"gemini-(pro|flash|flash-lite)-latest")
_OLDEST: Final = re.compile(r"gemini-(pro|ultra)(-vision)?")
_NEWEST: Final[Version] = (3, 5)
"""What an alias of the newest model can at least."""

_NO_THOUGHTS: Final = re.compile(r"gemini-2\.5-.*(image|tts|audio|computer-use)|-tts\b|embedding")


@dataclass(frozen=True, slots=True)
class Traits:
    """One model's rules.

    ``thinking`` is how reasoning is asked for, ``off`` the smallest budget or level it can be told (a budget of 0 is
    none at all), ``least`` what ``minimal`` is. ``medium`` tells whether there is a level between low and high.
    ``signed`` marks models that refuse a call in the history without its signature. ``json_schema`` is plain JSON
    Schema for answers, ``json_with_tools`` the two together. ``tool_name_chars`` is the length a tool's name may have.
    ``detail`` tells whether each image may say how closely it is to be looked at.
    """

    thinking: Literal["none", "budget", "level"] = "none"
    off: int | str = 0
    least: int | str = 0
    medium: bool = True
    signed: bool = False
    penalties: bool = True
    json_schema: bool = False
    json_with_tools: bool = False
    tool_name_chars: int = 64
    detail: bool = False


UNKNOWN: Final = Traits()


def version(model: str) -> Version | None:
    """(major, minor) that a name tells, with or without a prefix and suffix; None for all others."""
    name = model.lower()
    if found := _NAME.search(name):
        return int(found["major"]), int(found["minor"] or 0)
    if _LATEST.search(name):
        return _NEWEST
    return (1, 0) if _OLDEST.search(name) else None


@cache
def traits(model: str) -> Traits:
    """The rules of a model.

    Source: https://ai.google.dev/gemini-api/docs/thinking, …/structured-output, …/function-calling, checked 2026-08.
    The smallest budgets below 2.5 Pro's are those of other gateways, and so are the lengths of names.
    """
    told, name = version(model), model.lower()
    if told is None or told < (2, 5):
        return UNKNOWN
    pro, lite = "pro" in name, "lite" in name
    if told >= (3, 0):
        # What is below LOW is for Flash alone.
        least = "MINIMAL" if "flash" in name else "LOW"
        return Traits(
            thinking="none" if _NO_THOUGHTS.search(name) else "level",
            off=least,
            least=least,
            medium=not (pro and told == (3, 0)),
            signed=True,
            penalties=False,
            json_schema=True,
            json_with_tools=True,
            tool_name_chars=128,
            detail=True,
        )
    return Traits(
        thinking="none" if _NO_THOUGHTS.search(name) else "budget",
        off=128 if pro else 0,
        least=128 if pro else 512 if lite else 1,
        json_schema=True,
        tool_name_chars=128,
    )

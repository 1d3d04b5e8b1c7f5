"""What each generation of models takes and refuses, told by its name.

The table is a set of hints: a name that tells no generation gets what every server of this wire takes.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from providers.types import Json

Generation = tuple[str, tuple[int, int]]
"""(family, (major, minor)): ``("sonnet", (4, 5))``."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One model's rules.

    ``most_tokens`` is the longest answer it can give, 0 where that is unknown; ``default_tokens`` what it is asked for
    when the client names no limit. ``sampling`` tells whether temperature and top_p may be given: ``both``, ``either``
    of them, or ``none``. ``thinking`` is how reasoning is asked for; ``manual`` whether a budget may be named, ``off``
    what must be said to have none (None: it cannot be switched off, empty: say nothing). ``tool_name_chars`` is the
    length a tool's name may have.
    """

    most_tokens: int = 0
    default_tokens: int = 4096
    sampling: Literal["both", "either", "none"] = "both"
    thinking: Literal["none", "budget", "adaptive"] = "budget"
    manual: bool = True
    off: Json | None = None
    forced_tools: bool = True
    prefill: bool = True
    structured: bool = False
    tool_name_chars: int = 64


UNKNOWN: Final = Traits(off={})

_NAME: Final = re.compile(
    r"claude[-_]?(?:(?P<family>[a-z]+)[-_])?(?P<major>\d{1,2})(?:[-_.](?P<minor>\d{1,2}))?(?!\d)(?:[-_](?P<late>[a-z]+))?"
)
_UNNUMBERED: Final = re.compile(r"claude[-_](fable|mythos)")

_ALWAYS_THINKING: Final = frozenset({"fable", "mythos"})


def generation(model: str) -> Generation | None:
    """The family and version that a name tells, with or without a relay's prefix and suffix; None for all others."""
    name = model.lower()
    if found := _NAME.search(name):
        family = found["family"] or found["late"] or ""
        return family, (int(found["major"]), int(found["minor"] or 0))
    if unnumbered := _UNNUMBERED.search(name):
        return unnumbered[1], (5, 0)
    return None


@cache
def traits(model: str) -> Traits:
    """The rules of a model.

    Source: https://platform.claude.com/docs/en/about-claude/models/overview, checked 2026-08; which of the newest
    models refuse forced tools and ``disabled`` thinking is told by the vendor's migration notes only.
    """
    told = generation(model)
    if told is None:
        return UNKNOWN
    family, version = told
    if version < (4, 6):
        return _older(family, version)
    always = family in _ALWAYS_THINKING
    newest = version >= (5, 5) if family in ("opus", "sonnet") else always and version >= (5, 1)
    return Traits(
        most_tokens=128_000,
        default_tokens=16_384,
        sampling="either" if version == (4, 6) else "none",
        thinking="adaptive",
        manual=version == (4, 6),
        off=_off(family, always or newest),
        forced_tools=not newest,
        prefill=False,
        structured=True,
        tool_name_chars=128,
    )


def _off(family: str, unstoppable: bool) -> Json | None:
    if not unstoppable:
        return {"type": "disabled"}
    return {"type": "between_tools"} if family == "sonnet" else None


def _older(family: str, version: tuple[int, int]) -> Traits:
    """Generations that think within a budget, if at all, and say nothing to think nothing."""
    newest = version >= (4, 5)
    return Traits(
        most_tokens=_most_tokens(family, version),
        default_tokens=8192 if version >= (3, 5) else 4096,
        sampling="either" if newest else "both",
        thinking="budget" if version >= (3, 7) else "none",
        off={},
        structured=newest,
        tool_name_chars=128 if newest else 64,
    )


def _most_tokens(family: str, version: tuple[int, int]) -> int:
    if version < (3, 5):
        return 4096
    if version < (3, 7):
        return 8192
    return 32_000 if family == "opus" and version < (4, 5) else 64_000

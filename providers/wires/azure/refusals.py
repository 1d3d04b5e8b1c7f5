"""Which single argument an error complains of, and whether the request may go again without it.

Older api-versions and many models refuse arguments that others take, and a deployment's name tells neither. What
would change the answer's form or meaning is never taken away; such an error is the client's to see.
"""

import re
from typing import Final

from providers.errors import ErrorKind, ProviderError
from providers.losses import NEUTRAL
from providers.types import Json
from providers.wires.openai.dialect import MAX_COMPLETION_TOKENS, MAX_TOKENS

_KEPT: Final = frozenset(
    {"model", "messages", "stream", "tools", "functions", "response_format", "n", "data_sources", "modalities", "audio"}
)
_CHOICES: Final = frozenset({"tool_choice", "function_call"})
_LIMITS: Final = {MAX_TOKENS: MAX_COMPLETION_TOKENS, MAX_COMPLETION_TOKENS: MAX_TOKENS}
_CODES: Final = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_TEXT: Final = re.compile(
    r"(?:Unrecognized request argument supplied: |(?:Unsupported|Unknown) (?:parameter|value): ')(?P<name>\w+)(?![\w,])"
)
"""Source: error texts of public issue threads, checked 2026-08; the word for unknown parameters is unverified."""
_OTHER_VALUES: Final = re.compile(r"(?i)supported values are")


def argument(error: ProviderError, params: Json, refused: frozenset[str]) -> str | None:
    """The client's argument that ``error`` says is not taken, None unless the request may go without it.

    ``refused`` are those that were found so before.
    """
    if error.kind is not ErrorKind.INVALID_REQUEST:
        return None
    found = _TEXT.match(error.message)
    name = found["name"] if found else (error.param or "").partition(".")[0] if error.code in _CODES else ""
    given = name if name not in _LIMITS or name in params else _LIMITS[name]
    may_go = params.get(given) is not None and name not in _KEPT | refused
    if not may_go or (name in _CHOICES and params[name] != "auto"):
        return None
    return name


def of_one_value(error: ProviderError) -> bool:
    """Whether an argument is refused for its value only, so that the next request with another one may keep it."""
    return _OTHER_VALUES.search(error.message) is not None


def leave_out(body: Json, refused: frozenset[str], losses: list[str]) -> None:
    """Take what was refused out of a body; a limit of the answer's length gets its other name."""
    for name in sorted(refused & body.keys()):
        value = body.pop(name)
        if name in _LIMITS and _LIMITS[name] not in refused:
            body.setdefault(_LIMITS[name], value)
        elif name not in NEUTRAL or NEUTRAL[name] != value:
            losses.append(f"dropped {name}")

"""How long a vendor asks us to wait, in seconds, out of headers and error texts."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from providers.errors import ErrorKind, ProviderError

_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_IN_TEXT: Final = re.compile(
    r"(?i)(?:try again|retry|wait)\D{0,20}?(?:((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)\b|(\d+(?:\.\d+)?)\s*(?:seconds?|secs?))"
)
_RESETS: Final = ("requests", "tokens")


def retry_after_s(headers: Mapping[str, str], message: str, *, limited: bool) -> float | None:
    """The seconds to wait, or None where the vendor says nothing. Header names are lower case.

    First of: retry-after-ms, retry-after (seconds, or a date reckoned from the reply's own Date), the seconds in the
    text, and for a limit (``limited``) the x-ratelimit-reset headers of what has run out.
    """
    waits = (_milliseconds(headers.get("retry-after-ms")), _after(headers), in_text(message))
    found = next((wait for wait in waits if wait is not None), None)
    return _reset(headers) if found is None and limited else found


def noted(error: ProviderError, headers: Mapping[str, str]) -> ProviderError:
    """``error``, made of a vendor's own code, with the wait that the headers tell, if they do."""
    wait_s = retry_after_s(headers, "", limited=error.kind is ErrorKind.RATE_LIMITED)
    error.retry_after_s = error.retry_after_s if wait_s is None else wait_s
    return error


def _milliseconds(value: str | None) -> float | None:
    seconds = _number(value)
    return None if seconds is None else seconds / 1000


def _after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def in_text(message: str) -> float | None:
    """The wait named in a text: ``try again in 7.66s``, ``after 1 seconds``, ``retry after 24 seconds``."""
    found = _IN_TEXT.search(message)
    if not found:
        return None
    return float(found.group(2)) if found.group(2) else duration_s(found.group(1))


def duration_s(text: str) -> float | None:
    """The seconds of a duration such as ``7.66s``, ``2m59.56s`` or ``120ms``; None when it is none."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def _reset(headers: Mapping[str, str]) -> float | None:
    """The longest reset among the limits that are used up, or among all where no remainder is told."""
    resets = {kind: _reset_of(headers, kind) for kind in _RESETS}
    spent = [kind for kind in _RESETS if _number(headers.get(f"x-ratelimit-remaining-{kind}")) == 0]
    waits = [wait for kind in spent or _RESETS if (wait := resets[kind]) is not None]
    return max(waits, default=None)


def _reset_of(headers: Mapping[str, str], kind: str) -> float | None:
    text = headers.get(f"x-ratelimit-reset-{kind}", "")
    wait = duration_s(text)
    return wait if wait is not None else _number(text) if len(text) < 7 else None

"""Stop texts of vendors that leave them in the answer, cut off as OpenAI does: the answer ends before them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from providers.types import Delta


@dataclass(slots=True)
class _Choice:
    """One choice so far: the end of its text that may be the beginning of a stop, and whether a stop has come."""

    held: str = ""
    stopped: bool = False


def cut(deltas: Iterable[Delta], stops: Sequence[str]) -> Iterator[Delta]:
    """The deltas without the first of ``stops`` in each choice and without the text behind it.

    Text that may turn out to be the beginning of a stop is held back until it is clear what it is.
    """
    stops = [stop for stop in stops if stop]
    if not stops:
        yield from deltas
        return
    choices: dict[int, _Choice] = {}
    for delta in deltas:
        if not delta.text and delta.finish_reason is None:
            yield delta
            continue
        state = choices.setdefault(delta.choice, _Choice())
        text = _released(state, delta.text or "", stops)
        if delta.finish_reason is not None:
            text, state.held = text + state.held, ""
        yield replace(delta, text=text or None)
    for number, state in choices.items():
        if state.held:
            yield Delta(number, state.held)


def _released(state: _Choice, fresh: str, stops: Sequence[str]) -> str:
    """What of the text so far is certainly before any stop."""
    if state.stopped:
        return ""
    text = state.held + fresh
    found = [place for stop in stops if (place := text.find(stop)) >= 0]
    if found:
        state.held, state.stopped = "", True
        return text[: min(found)]
    keep = max((_begun(text, stop) for stop in stops), default=0)
    state.held = text[len(text) - keep :]
    return text[: len(text) - keep]


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` are the beginning of ``stop``."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)

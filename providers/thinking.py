"""Thoughts that a model writes into its text as ``<think>…</think>``, told apart from the answer.

Only for entries that ask for it: some vendors want their thoughts back in the text they came in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from providers.types import Delta

OPEN: Final = "<think>"
CLOSE: Final = "</think>"


def split(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """The deltas with what stands between the first pair of tags as reasoning, per choice.

    The opening tag counts only at the start of a choice's text. Tags may be cut anywhere; a piece that may be the
    beginning of one is held until the next delta, the choice's finish or the end of the reply shows what it is.
    """
    splitters: dict[int, _Splitter] = {}
    for delta in deltas:
        ends = delta.finish_reason is not None
        if not delta.text and not ends:
            yield delta
            continue
        splitter = splitters.setdefault(delta.choice, _Splitter())
        text, reasoning = splitter.feed(delta.text or "")
        if ends:
            late_text, late_reasoning = splitter.flush()
            text, reasoning = text + late_text, reasoning + late_reasoning
        reasoning = (delta.reasoning or "") + reasoning
        yield replace(delta, text=text or None, reasoning=reasoning or None)
    for choice, splitter in splitters.items():
        text, reasoning = splitter.flush()
        if text or reasoning:
            yield Delta(choice, text or None, reasoning or None)


class _Splitter:
    """Where one choice stands: before any text, inside the thoughts, at the start of the answer, or after it."""

    def __init__(self) -> None:
        self.state = "before"
        self.held = ""

    def feed(self, fresh: str) -> tuple[str, str]:
        """The text and the reasoning that are certain now."""
        whole, self.held = self.held + fresh, ""
        reasoning = ""
        if self.state == "before":
            whole = self._opened(whole)
        if self.state == "inside":
            reasoning, whole = self._inside(whole)
        if self.state == "start":
            # The blank lines after the thoughts belong to neither.
            whole = whole.lstrip()
            self.state = "after" if whole else "start"
        return whole, reasoning

    def _opened(self, whole: str) -> str:
        """What follows the opening tag, or the text itself; nothing while it may still become the tag."""
        start = whole.lstrip()
        if start.startswith(OPEN):
            self.state = "inside"
            return start.removeprefix(OPEN)
        if OPEN.startswith(start):
            self.held = whole
            return ""
        self.state = "after"
        return whole

    def _inside(self, whole: str) -> tuple[str, str]:
        """The thoughts, and what follows the closing tag."""
        thoughts, closed, rest = whole.partition(CLOSE)
        if closed:
            self.state = "start"
            return thoughts, rest
        keep = next((size for size in range(len(CLOSE) - 1, 0, -1) if whole.endswith(CLOSE[:size])), 0)
        self.held = whole[len(whole) - keep :]
        return whole[: len(whole) - keep], ""

    def flush(self) -> tuple[str, str]:
        """What was held, now that nothing follows."""
        held, self.held = self.held, ""
        return ("", held) if self.state == "inside" else (held, "")

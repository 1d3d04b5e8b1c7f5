"""Replies of applications as deltas: text of an agent or of a workflow's nodes, thoughts, and what was read."""

from collections.abc import Iterable, Iterator
from typing import Any

from providers.types import Delta, Event, Json, Usage
from providers.wires.dashscope import events as walk
from providers.wires.dashscope.reply import counted, text_of


def decode(events: Iterable[Event]) -> Iterator[Delta]:
    """The reply's deltas, its references as annotations before its end."""
    return walk.deltas(events, _Reply())


class _Reply:
    """One reply so far. ``flows`` is set once a workflow's nodes have spoken; ``references`` are those told of."""

    def __init__(self) -> None:
        self.headed = False
        self.finished = False
        self.flows = False
        self.thought: list[str] = []
        self.references: list[Json] = []

    @property
    def ended(self) -> bool:
        """Whether it has its finish reason."""
        return self.finished

    def read(self, doc: Json, output: Json) -> Iterator[Delta]:
        counts = usage(doc.get("usage"))
        if counts:
            yield Delta(usage=counts)
        if self.finished:
            return
        reasoning, text = self._reasoning(output.get("thoughts")), self._text(output)
        extra = self._annotations(output.get("doc_references"))
        reason, note = walk.reason(output.get("finish_reason"))
        self.finished = reason is not None
        if text or reasoning or extra or reason:
            yield Delta(text=text or None, reasoning=reasoning or None, extra=extra, finish_reason=reason, note=note)

    def _text(self, output: Json) -> str:
        """The text of a node, else of the answer, which after nodes would only repeat them."""
        node = output.get("workflow_message")
        if isinstance(node, dict):
            self.flows = True
            return text_of((node.get("message") or {}).get("content"))
        return "" if self.flows else text_of(output.get("text"))

    def _reasoning(self, thoughts: Any) -> str:
        """The new thoughts: pieces, but for one that is all of them once more, as a last event may have it."""
        listed = thoughts if isinstance(thoughts, list) else []
        piece = "".join(_thought(entry) for entry in listed if isinstance(entry, dict))
        if len(self.thought) > 1 and piece == "".join(self.thought):
            return ""
        if piece:
            self.thought.append(piece)
        return piece

    def _annotations(self, listed: Any) -> Json | None:
        fresh = [one for one in listed or () if isinstance(one, dict) and one not in self.references]
        self.references += fresh
        return {"annotations": [_annotation(reference) for reference in fresh]} if fresh else None


def _thought(entry: Json) -> str:
    """The text of a reasoning step. In which of its fields it stands is told in more than one way."""
    if (entry.get("action_type") or entry.get("actionType")) != "reasoning":
        return ""
    return next((text for name in ("thought", "response", "observation") if (text := text_of(entry.get(name)))), "")


def _annotation(reference: Json) -> Json:
    """One reference as OpenAI's ``url_citation`` with all that the vendor tells of it; its place is not told."""
    title = reference.get("title") or reference.get("doc_name") or ""
    cited = {**reference, "url": reference.get("doc_url") or "", "title": title, "start_index": 0, "end_index": 0}
    return {"type": "url_citation", "url_citation": cited}


def usage(told: Any) -> Usage | None:
    """The sum over all models that an application asked, None where none is told."""
    models = told.get("models") if isinstance(told, dict) else None
    counts = [count for model in models or () if (count := counted(model))]
    if not counts:
        return None
    return Usage(sum(count.prompt_tokens for count in counts), sum(count.completion_tokens for count in counts))

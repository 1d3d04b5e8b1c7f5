"""An app's answer as deltas: whole, or as a stream whose payloads name their event themselves.

Source: https://docs.dify.ai/api-reference/chat ("Send Chat Message") and .../workflow, checked 2026-08.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from providers.types import BODY, Delta, Event, Head, Json, Usage
from providers.wires.dify import faults
from providers.wires.openai import usage

_SKIPPED: Final = Delta(note="skipped a malformed event")
_OUTPUTS: Final = ("text", "answer", "result")


def decode(events: Iterable[Event], held: bool = False, output: str = "", chat: bool = False) -> Iterator[Delta]:
    """The answer's deltas, of one choice. Raises the vendor's error wherever it stands.

    ``held`` keeps the text back to the end, so that moderation can still replace it: for clients that read no stream.
    ``output`` names the variable of a workflow that is its answer. ``chat`` tells that a chat was asked, so that the
    end of a workflow is a chatflow's, though it may come before the answer and name no conversation.
    """
    reading = _Reply(held, output, chat)
    for event in events:
        try:
            doc = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            if event.name == BODY:
                raise faults.of_text(event.data) from None
            doc = None
        if isinstance(doc, dict):
            yield from reading.body(doc) if event.name == BODY else reading.event(doc)
        elif event.name == BODY:
            raise faults.no_answer(doc)
        else:
            yield _SKIPPED
        if reading.ended:
            return
    yield from reading.end()


class _Reply:
    """One reply so far. ``flow`` is what a chatflow's end told, which comes before or after the answer's own.

    ``flowed`` tells that it came after some text and that none came after it, so that it may stand for the answer's.
    """

    def __init__(self, held: bool, output: str, chat: bool) -> None:
        self.held, self.output, self.chat = held, output, chat
        self.said: list[str] = []
        self.headed = False
        self.thought = False
        self.ended = False
        self.flowed = False
        self.flow: Json = {}

    def event(self, doc: Json) -> Iterator[Delta]:
        """The deltas of one payload of a stream; unknown events have none."""
        name = doc.get("event")
        if name == "error":
            raise faults.of_event(doc)
        yield from self._head(doc)
        read = _EVENTS.get(name) if isinstance(name, str) else None
        if read:
            yield from read(self, doc)

    def body(self, doc: Json) -> Iterator[Delta]:
        """The deltas of a whole reply. Raises MALFORMED where it is neither an answer nor an error."""
        data = doc.get("data")
        if isinstance(doc.get("answer"), str) and doc.get("event") in (None, "message", "agent_message"):
            yield from self._head(doc)
            yield from self._thoughts(doc)
            yield from self._say(doc["answer"])
            yield from self.message_end(doc)
        elif isinstance(data, dict) and "status" in data and "event" not in doc:
            yield from self._head(doc)
            yield from self._workflow_end(data)
        elif doc.get("event") in _EVENTS or doc.get("event") == "error":
            yield from self.event(doc)
        else:
            raise faults.no_answer(doc)

    def end(self) -> Iterator[Delta]:
        """What is due when the events are over. A chatflow may have told its end in place of the answer's."""
        if self.flow.get("status") == "failed":
            raise faults.of_model(str(self.flow.get("error") or "the app failed without a word"))
        if self.flowed:
            yield from self._counts(None)
            yield from self._finish("stop")

    def message(self, doc: Json) -> Iterator[Delta]:
        """A piece of the answer."""
        yield from self._say(doc.get("answer"))

    def message_replace(self, doc: Json) -> Iterator[Delta]:
        """Moderation put another text in the answer's place; what is out already can only be ended."""
        fresh, said = str(doc.get("answer") or ""), "".join(self.said)
        if self.held:
            self.said = [fresh]
        elif fresh.startswith(said):
            yield from self._say(fresh[len(said) :])
        else:
            yield from self._finish("content_filter", "the answer was replaced by moderation")

    def message_file(self, doc: Json) -> Iterator[Delta]:
        """A file that the app made, as Markdown."""
        url = doc.get("url")
        if url and doc.get("belongs_to") != "user":
            mark = "!" if doc.get("type") == "image" else ""
            yield from self._say(f"\n{mark}[{doc.get('type') or 'file'}]({url})\n")

    def message_end(self, doc: Json) -> Iterator[Delta]:
        """The end of an answer, with its usage."""
        yield from self._thoughts(doc)
        yield from self._counts(_usage(doc))
        yield from self._finish("stop")

    def text_chunk(self, doc: Json) -> Iterator[Delta]:
        """A piece of a workflow's text."""
        yield from self._say(doc["data"].get("text"))

    def reasoning_chunk(self, doc: Json) -> Iterator[Delta]:
        """A piece of thoughts that a chatflow keeps apart."""
        reasoning = doc["data"].get("reasoning")
        if reasoning:
            self.thought = True
            yield Delta(reasoning=reasoning)

    def workflow_finished(self, doc: Json) -> Iterator[Delta]:
        """A workflow's end. That of a chatflow, which is told with its conversation if at all, is not its answer's."""
        data = doc["data"]
        if self.chat or doc.get("conversation_id") or doc.get("message_id"):
            self.flow, self.flowed = {"status": "", **data}, bool(self.said)
        else:
            yield from self._workflow_end(data)

    def pause(self, doc: Json) -> Iterator[Delta]:
        """The app waits for a person: the answer is what there is, which a whole reply tells in the same breath."""
        if not self.said:
            yield from self._say(doc.get("answer"))
        yield from self._counts(_usage(doc))
        yield from self._finish("stop", "the app waits for a person")

    def _workflow_end(self, data: Json) -> Iterator[Delta]:
        status = data.get("status")
        if status == "failed":
            raise faults.of_model(str(data.get("error") or "the workflow failed without a word"))
        self.flow = data
        if not self.said:
            yield from self._say(_answer(data.get("outputs"), self.output))
        yield from self._counts(None)
        yield from self._finish("stop", None if status == "succeeded" else f"the workflow's status is {status}")

    def _head(self, doc: Json) -> Iterator[Delta]:
        identity = doc.get("message_id") or (None if self.chat else doc.get("workflow_run_id"))
        if not identity or self.headed:
            return
        self.headed = True
        data = doc.get("data")
        created = doc.get("created_at") or (data.get("created_at") if isinstance(data, dict) else None)
        conversation = doc.get("conversation_id")
        extra = {"conversation_id": conversation} if conversation else {}
        yield Delta(head=Head(f"chatcmpl-{identity}", created if type(created) is int else None, extra))

    def _thoughts(self, doc: Json) -> Iterator[Delta]:
        """The thoughts of a chatflow's nodes, by the node's id, unless they came in pieces.

        Source: https://github.com/langgenius/dify/blob/main/api/core/app/entities/task_entities.py
        (TaskStateMetadata), checked 2026-08.
        """
        metadata = doc.get("metadata")
        told = metadata.get("reasoning") if isinstance(metadata, dict) else None
        texts = [text for text in told.values() if isinstance(text, str) and text] if isinstance(told, dict) else []
        if texts and not self.thought:
            self.thought = True
            yield Delta(reasoning="\n".join(texts))

    def _say(self, text: Any) -> Iterator[Delta]:
        if not isinstance(text, str) or not text:
            return
        self.said.append(text)
        self.flowed = False
        if not self.held:
            yield Delta(text=text)

    def _counts(self, told: Any) -> Iterator[Delta]:
        """The usage told, or else the sum that a workflow told, which does not say what was asked and what answered."""
        counts = usage.of_object(told) if isinstance(told, dict) else None
        total = self.flow.get("total_tokens")
        if (counts is None or not counts.total_tokens) and type(total) is int:
            counts = Usage(0, total)
        if counts:
            yield Delta(usage=counts)

    def _finish(self, reason: str, note: str | None = None) -> Iterator[Delta]:
        self.ended = True
        text = "".join(self.said) if self.held else ""
        yield Delta(text=text or None, finish_reason=reason, note=note)


_EVENTS: Final[Mapping[str, Callable[[_Reply, Json], Iterator[Delta]]]] = {
    "message": _Reply.message,
    "agent_message": _Reply.message,
    "message_replace": _Reply.message_replace,
    "message_file": _Reply.message_file,
    "message_end": _Reply.message_end,
    "text_chunk": _Reply.text_chunk,
    "reasoning_chunk": _Reply.reasoning_chunk,
    "workflow_finished": _Reply.workflow_finished,
    "workflow_paused": _Reply.pause,
    "human_input_required": _Reply.pause,
}
"""An agent's thoughts are not among them: they say once more what its messages say."""


def _usage(doc: Json) -> Any:
    metadata = doc.get("metadata")
    return metadata.get("usage") if isinstance(metadata, dict) else None


def _answer(outputs: Any, name: str) -> str:
    """The text among a workflow's outputs: the one that is named, one of the usual names, the only text, or all."""
    if not isinstance(outputs, dict) or not outputs:
        return ""
    if name in outputs:
        return _text(outputs[name])
    texts = [value for value in outputs.values() if isinstance(value, str)]
    usual = [outputs[known] for known in _OUTPUTS if isinstance(outputs.get(known), str)]
    if usual or len(texts) == 1:
        return str((usual or texts)[0])
    return _text(outputs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()

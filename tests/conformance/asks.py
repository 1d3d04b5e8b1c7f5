"""What a client may ask for beyond plain text, one request for each word of ``providers/support.py``, and its marks."""

import base64
from dataclasses import dataclass, field
from typing import Any, Final

from providers import support
from providers.types import Json

MODEL: Final = "model-of-the-client"
QUESTION: Final = "What is the weather in Paris? Answer in JSON."
"""With the word that OpenAI itself wants to see where JSON is asked for."""

HELLO: Final[list[Json]] = [{"role": "user", "content": QUESTION}]
NAMES: Final = ("look_up_weather_q7", "look_up_time_q7")
RESULTS: Final = ("sunny-q7", "noon-q7")
CITY: Final = "city_q7"
STOP: Final = "HALT-q7"
LIMIT: Final = 1077
PNG: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURE: Final = "https://pictures.example/q7.png"


def tool(name: str) -> Json:
    """A function that takes a city."""
    city = {"type": "string", "description": f"The {CITY}."}
    parameters = {"type": "object", "properties": {CITY: city}, "required": [CITY]}
    return {"type": "function", "function": {"name": name, "description": "Looks it up.", "parameters": parameters}}


TOOLS: Final[Json] = {"tools": [tool(name) for name in NAMES]}
SCHEMA: Final = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {**tool("")["function"]["parameters"], "additionalProperties": False},
    },
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish. ``base`` is the same request without it; ``marks`` are bytes of which one has to go up for each."""

    word: str
    wish: Json
    base: Json = field(default_factory=dict)
    marks: tuple[tuple[bytes, ...], ...] = ()
    messages: tuple[Json, ...] = tuple(HELLO)

    def body(self, *, wished: bool = True, stream: bool = False) -> Json:
        """The client's request, with the wish or without."""
        told = {**self.base, **(self.wish if wished else {})}
        messages = list(self.messages if wished else HELLO)
        return {"model": MODEL, "messages": messages, **told, **({"stream": True} if stream else {})}


BARE: Final = Ask("", {})
"""Nothing but a question."""


def _choice(word: str, choice: Any) -> Ask:
    return Ask(word, {"tool_choice": choice}, TOOLS)


def _looking_at(url: str, *marks: bytes) -> Ask:
    parts = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    return Ask(support.IMAGES, {}, {}, (marks,), ({"role": "user", "content": parts},))


def _marked(*texts: str) -> tuple[tuple[bytes, ...], ...]:
    return tuple((text.encode(),) for text in texts)


_DATA: Final = base64.b64encode(PNG).decode()

ASKS: Final = (
    Ask(support.TOOLS, TOOLS, {}, _marked(*NAMES, CITY)),
    _choice(support.TOOL_NONE, "none"),
    _choice(support.TOOL_REQUIRED, "required"),
    _choice(support.TOOL_NAMED, {"type": "function", "function": {"name": NAMES[1]}}),
    _looking_at(f"data:image/png;base64,{_DATA}", _DATA.encode(), PNG),
    _looking_at(PICTURE, PICTURE.encode()),
    Ask(support.JSON_OBJECT, {"response_format": {"type": "json_object"}}),
    Ask(support.JSON_SCHEMA, {"response_format": SCHEMA}, {}, _marked(CITY)),
    Ask(support.STOP, {"stop": [STOP]}, {}, _marked(STOP)),
    Ask(support.MAX_TOKENS, {"max_tokens": LIMIT}, {}, _marked(str(LIMIT))),
    Ask(support.MAX_TOKENS, {"max_completion_tokens": LIMIT}, {}, _marked(str(LIMIT))),
)
"""For some words two requests, of which a vendor has to take one."""


def calls(*identities: str) -> list[Json]:
    """The calls of an assistant's message, each with an argument that can be found again."""
    functions = [{"name": name, "arguments": f'{{"{CITY}": "Paris"}}'} for name in NAMES]
    return [
        {"id": identity, "type": "function", "function": function}
        for identity, function in zip(identities, functions, strict=False)
    ]


RESULTS_TURN: Final = Ask(
    support.TOOLS,
    {},
    TOOLS,
    _marked(*RESULTS),
    (
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": calls("call_q7one00", "call_q7two00")},
        {"role": "tool", "tool_call_id": "call_q7one00", "content": RESULTS[0]},
        {"role": "tool", "tool_call_id": "call_q7two00", "content": RESULTS[1]},
    ),
)
"""Two results at once, for calls that nobody remembers: a conversation that another vendor began."""


def _saying(*messages: Json, marks: tuple[str, ...]) -> Ask:
    return Ask("messages", {}, {}, _marked(*marks), messages)


def _with_part(part: Json, *marks: bytes) -> Ask:
    """A user's message with this part; one of the marks has to go up."""
    parts = [{"type": "text", "text": QUESTION}, part]
    return Ask("messages", {}, {}, (marks,), ({"role": "user", "content": parts},))


_AUDIO: Final = "UklGRiQAAABXQVZFcTc="
_BYTES: Final = (_AUDIO.encode(), base64.b64decode(_AUDIO))
MESSAGES: Final = (
    _saying({"role": "system", "content": "Be brief-q7."}, *HELLO, marks=("brief-q7",)),
    _saying({"role": "developer", "content": "Be brief-q7."}, *HELLO, marks=("brief-q7",)),
    _saying(
        {"role": "system", "content": "Be brief-q7."},
        {"role": "user", "content": "first-q7"},
        {"role": "assistant", "content": "second-q7"},
        {"role": "system", "content": "Be polite-q7."},
        *HELLO,
        marks=("brief-q7", "first-q7", "second-q7", "polite-q7"),
    ),
    _saying({"role": "user", "content": "one-q7"}, {"role": "user", "content": "two-q7"}, marks=("one-q7", "two-q7")),
    _saying(*HELLO, {"role": "assistant", "content": "It is sunny-q7, and"}, marks=("sunny-q7",)),
    _saying({"role": "user", "name": "Ada-q7", "content": QUESTION}, marks=("Ada-q7",)),
    _saying(
        {"role": "user", "content": [{"type": "text", "text": "one-q7"}, {"type": "text", "text": "two-q7"}]},
        marks=("one-q7", "two-q7"),
    ),
    _saying(
        *HELLO,
        {"role": "assistant", "content": [{"type": "text", "text": "three-q7"}]},
        *HELLO,
        marks=("three-q7",),
    ),
    _saying(*HELLO, {"role": "assistant", "content": None, "refusal": "no-q7"}, *HELLO, marks=("no-q7",)),
    _saying(
        *HELLO,
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "never-q7"}]},
        *HELLO,
        marks=("never-q7",),
    ),
    _with_part({"type": "input_audio", "input_audio": {"data": _AUDIO, "format": "wav"}}, *_BYTES),
    _with_part({"type": "file", "file": {"file_data": f"data:application/pdf;base64,{_AUDIO}"}}, *_BYTES),
    _with_part({"type": "video_url", "video_url": {"url": PICTURE}}, PICTURE.encode()),
    _with_part({"type": "brand_new", "brand_new": "q7-new"}, b"q7-new"),
)
"""Messages of every kind; what is in their marks goes up, or is refused or named."""

PARAMETERS: Final[tuple[Json, ...]] = (
    {"temperature": 0.4},
    {"top_p": 0.3},
    {"n": 2},
    {"seed": 42},
    {"presence_penalty": 0.5},
    {"frequency_penalty": 0.5},
    {"logit_bias": {"50256": -100}},
    {"logprobs": True},
    {"logprobs": True, "top_logprobs": 2},
    {"reasoning_effort": "low"},
    {"parallel_tool_calls": False, **TOOLS},
    {"functions": [tool(NAMES[0])["function"]]},
    {"store": True},
    {"metadata": {"of": "q7"}},
    {"service_tier": "flex"},
    {"verbosity": "low"},
    {"prediction": {"type": "content", "content": "sunny"}},
    {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
    {"web_search_options": {"search_context_size": "low"}},
)
"""Further parameters of OpenAI's, each with a value that asks for something."""

"""What a model is to say, in no vendor's words; the speakers put it into theirs."""

import json
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.asks import CITY, NAMES

TEXTS: Final = ("Grüße", " aus der Werkstatt:", " 你好", " 🙂")
THOUGHTS: Final = ("Let me", " think. 想一想")
CITIES: Final = ("Paris", "北京🌏")


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call; ``arguments`` are an object."""

    id: str
    name: str
    arguments: dict[str, Any]

    @property
    def json(self) -> str:
        """The arguments as their text."""
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Script:
    """``finish`` is OpenAI's word; ``prompt`` and ``completion`` are the tokens to be counted."""

    texts: tuple[str, ...] = TEXTS
    thoughts: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    prompt: int = 11
    completion: int = 7

    @property
    def text(self) -> str:
        """All of the text."""
        return "".join(self.texts)

    @property
    def thought(self) -> str:
        """All of the thoughts."""
        return "".join(self.thoughts)

    @property
    def total(self) -> int:
        """All tokens."""
        return self.prompt + self.completion


PLAIN: Final = Script()
SHORT: Final = Script(TEXTS[:2], finish="length")
THINKING: Final = Script(thoughts=THOUGHTS)
CALLS: Final = tuple(
    Call(f"call_q7{number}", name, {CITY: city}) for number, (name, city) in enumerate(zip(NAMES, CITIES, strict=True))
)
CALLING: Final = Script((), (), CALLS[:1], "tool_calls")
CALLING_BOTH: Final = Script((), (), CALLS, "tool_calls")
CALLING_BARE: Final = Script((), (), (Call("call_q7bare", NAMES[0], {}),), "tool_calls")
TALKING_AND_CALLING: Final = Script(TEXTS, (), CALLS[:1], "tool_calls")
THINKING_AND_CALLING: Final = Script((), THOUGHTS, CALLS[:1], "tool_calls")

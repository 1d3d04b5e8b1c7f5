"""What one speaker of the OpenAI wire does otherwise than the others: values, and one hook for what values cannot say.

The defaults are those of an unknown third party. Nothing here acts; ``params``, ``messages`` and ``faults`` read it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from providers.errors import ErrorKind
from providers.types import Json

KEEP: Final = "keep"
MAX_TOKENS: Final = "max_tokens"
MAX_COMPLETION_TOKENS: Final = "max_completion_tokens"
EITHER: Final = "either"

NEVER: Final = re.compile(r"(?!)")
"""A pattern that matches no model."""

REPLY_ONLY_FIELDS: Final = frozenset({"reasoning_content", "reasoning", "refusal", "annotations", "audio"})
"""Fields of an assistant's answer that clients send back in the history and most vendors refuse or ignore."""

LOGPROBS: Final = frozenset({"logprobs", "top_logprobs"})
TOOLS: Final = frozenset({"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"})
"""Parameters that a vendor knows together or not at all, for ``drop``."""


def models(pattern: str) -> re.Pattern[str]:
    """The pattern, for model names: letters of either case, matched from the start."""
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Range:
    """The values a vendor takes for one number. ``at_low`` and ``at_high`` mark a bound as outside and replace it."""

    low: float | None = None
    high: float | None = None
    at_low: float | None = None
    at_high: float | None = None

    def clamp(self, value: float) -> float:
        """The nearest value the vendor takes; ``value`` itself when it is one."""
        if self.low is not None and (value < self.low or (value == self.low and self.at_low is not None)):
            return self.low if self.at_low is None else self.at_low
        if self.high is not None and (value > self.high or (value == self.high and self.at_high is not None)):
            return self.high if self.at_high is None else self.at_high
        return value


@dataclass(frozen=True, slots=True)
class ModelRule:
    """Further drops and clamps for the models that match. ``unless`` names a parameter and the value that lifts it."""

    models: re.Pattern[str]
    drop: frozenset[str] = frozenset()
    clamp: Mapping[str, Range] = field(default_factory=dict)
    unless: tuple[str, object] | None = None


Adjust = Callable[[Json, list[str]], None]
"""(body about to be sent, which may be changed in place at its top level; losses, to be added to)."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One speaker's deviations.

    Addresses: ``root`` is the path under a bare origin; ``url`` turns (server_url, model) into an address the common
    rules can join, where they alone would be wrong. ``name`` gives the vendor's own name of a model.

    Parameters: ``max_tokens`` is the name sent (``keep`` both as they came, ``either`` one of both); models matching
    ``completion_models`` get ``max_completion_tokens`` whatever it says. ``only`` is a whitelist, ``drop`` a
    blacklist, ``rename`` old to new, ``clamp`` ranges, ``rules`` the same by model. ``tool_choices`` lists the kinds
    taken (``auto none required named``), ``required_word`` what ``required`` is called. ``json_schema`` and
    ``stream_options`` say whether they are known. ``cut_stops`` marks vendors that leave stop texts in the answer.
    ``stream_only`` models are streamed upstream though the client wants a whole answer; ``hybrid_thinking`` models
    cannot think without a stream and are told not to; any other model is asked again by stream when the vendor refuses
    a whole answer in words that match ``stream_refusal``. ``adjust`` does the rest.

    Messages: ``developer_models`` keep the role ``developer``, for all others it is ``system``. ``fold_system`` models
    get system text in the first user message; ``merge_system`` allows one system message, the first; ``alternate``
    makes user and assistant take turns. ``modern_only`` puts ``functions`` and the like into today's words first.
    ``strip`` names message fields that are removed, ``strip_nulls`` those with null too; ``keep_reasoning`` leaves
    ``reasoning_content`` on turns with tool calls, and puts it back where the client dropped it; ``keep_details`` puts
    back ``reasoning_details`` there. ``null_content`` is what an assistant's null content becomes (``keep``, ``empty``,
    ``drop``). ``empty_assistant`` False removes assistant messages that say nothing. ``text_models`` get content arrays
    of text as one string. ``tool_call_id`` rewrites ids.

    Replies: ``bare_text`` names a field that holds a piece of text in events without choices.

    Faults: ``codes`` classifies the vendor's own codes; ``keep_5xx`` lets its server errors keep their status;
    ``models_by_account`` says that a model unknown to one credential may be known to the next.
    """

    root: str = "/v1"
    url: Callable[[str, str], str] | None = None
    name: Callable[[str], str] | None = None

    max_tokens: str = MAX_TOKENS
    completion_models: re.Pattern[str] = NEVER
    only: frozenset[str] | None = None
    drop: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    clamp: Mapping[str, Range] = field(default_factory=dict)
    rules: tuple[ModelRule, ...] = ()
    tool_choices: frozenset[str] = frozenset({"auto", "none", "required", "named"})
    required_word: str = "required"
    json_schema: bool = True
    stream_options: bool = True
    cut_stops: bool = False
    stream_only: re.Pattern[str] = NEVER
    hybrid_thinking: re.Pattern[str] = NEVER
    stream_refusal: re.Pattern[str] = NEVER
    adjust: Adjust | None = None

    developer_models: re.Pattern[str] = NEVER
    fold_system: re.Pattern[str] = NEVER
    merge_system: bool = False
    alternate: bool = False
    modern_only: bool = False
    strip: frozenset[str] = REPLY_ONLY_FIELDS
    strip_nulls: bool = True
    keep_reasoning: bool = False
    keep_details: bool = False
    null_content: str = KEEP
    empty_assistant: bool = True
    text_models: re.Pattern[str] = NEVER
    tool_call_id: Callable[[str], str] | None = None

    bare_text: str = ""

    codes: Mapping[str, ErrorKind] = field(default_factory=dict)
    keep_5xx: bool = True
    models_by_account: bool = False
    embedding_drop: frozenset[str] = frozenset()

"""From a model name to an answer: the name of every fault, and the reading of parameters."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.fakevendor import odd, replies
from tests.fakevendor.broken import BROKEN
from tests.fakevendor.odd import ODD
from tests.fakevendor.refusals import REFUSALS
from tests.fakevendor.wire import Answer, Ask, document

FAULTS: Final[Mapping[str, Callable[[Ask], Answer]]] = {**REFUSALS, **BROKEN, **ODD, "tools": odd.tools}
"""Every name that may follow ``fault:`` in a model name."""

_MARK: Final = "fault:"


def answer(model: str, key: str, body: Mapping[str, Any]) -> Answer:
    """The answer for a chat request: ``ok``, ``ok?gap=0.1`` or ``fault:name?param=value``; a 404 for other names.

    A key that ends with ``+fault:...`` spoils every answer that is given to it, so that two credentials of one
    entry can behave differently.
    """
    return _answer(model, key, body, odd.good)


def embeddings(model: str, key: str, body: Mapping[str, Any]) -> Answer:
    """The same for embeddings."""
    return _answer(model, key, body, odd.good_embedding)


def _answer(model: str, key: str, body: Mapping[str, Any], good: Callable[[Ask], Answer]) -> Answer:
    _, _, spoilt = key.partition("+")
    name, _, query = (spoilt or model).partition("?")
    ask = Ask(model, dict(parse_qsl(query)), body.get("stream") is True, body)
    if name == "ok":
        return good(ask)
    chosen = FAULTS.get(name.removeprefix(_MARK)) if name.startswith(_MARK) else None
    if chosen is None:
        return document(replies.error(f"The model {model} does not exist", code="model_not_found"), 404)
    return chosen(ask)

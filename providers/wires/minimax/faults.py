"""The vendor's errors: a number in ``base_resp`` under status 200, in the older protocols and the embeddings alike."""

from typing import Final

from providers.errors import ProviderError
from providers.types import Json
from providers.wires.openai import faults as common
from providers.wires.openai.dialect import Dialect

_PLAIN: Final = Dialect(keep_5xx=False)


def in_answer(doc: Json, event_name: str) -> ProviderError | None:
    """The error in a payload, None when it is part of an answer."""
    return common.in_payload(doc, event_name, _PLAIN)


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which holds neither an answer nor an error in JSON."""
    return common.of_text(body, _PLAIN)

"""The vendor's errors: a number in ``base_resp`` under status 200, in the older protocols and the embeddings alike."""

import re
from typing import Final

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from providers.wires.openai import faults as common
from providers.wires.openai.dialect import Dialect

_TOKEN_LIMIT: Final = 1039
_TOO_LONG: Final = re.compile(r"(?i)context|max(imum)?[ _]tokens")
_PLAIN: Final = Dialect()


def in_answer(doc: Json, event_name: str) -> ProviderError | None:
    """The error in a payload, None when it is part of an answer.

    1039 is a limit per minute, but the vendor also says so of an input that no other credential could take.
    """
    told = doc.get("base_resp") or {}
    message = str(told.get("status_msg") or "")
    if told.get("status_code") == _TOKEN_LIMIT and _TOO_LONG.search(message):
        return ProviderError(ErrorKind.CONTEXT_LENGTH, message)
    return common.in_payload(doc, event_name, _PLAIN)


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which holds neither an answer nor an error in JSON."""
    return common.of_text(body, _PLAIN)

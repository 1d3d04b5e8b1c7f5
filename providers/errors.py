"""What can go wrong with a vendor, as one exception and a closed set of kinds.

    ProviderError
      kind         what happened, and so whether another target may help (RETRYABLE)
      message      the vendor's own text, for the client
      status/type/code/param   only where the vendor's own value should reach the client instead of the kind's default
      retry_after_s            how long this credential should rest, where the vendor says so
      stale_token              the exchanged token was refused: a fresh one is worth one try with the same target
      model_only               the credential was refused for this model; other models may be open to it

HTTP statuses and error bodies for the client are made from these in one place, ``app/errors.py``.
"""

from enum import Enum
from typing import Final


class ErrorKind(Enum):
    """What went wrong. The value is the word used in access lines."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    UNSUPPORTED = "unsupported"
    MODEL_NOT_FOUND = "model_not_found"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    INCOMPLETE = "incomplete"
    MALFORMED = "malformed"
    UPSTREAM_AUTH = "upstream_auth"
    UPSTREAM_REFUSED = "upstream_refused"
    INTERNAL = "internal"


RETRYABLE: Final = frozenset(
    {
        ErrorKind.RATE_LIMITED,
        ErrorKind.QUOTA,
        ErrorKind.OVERLOADED,
        ErrorKind.SERVER_ERROR,
        ErrorKind.TIMEOUT,
        ErrorKind.CONNECTION,
        ErrorKind.INCOMPLETE,
        ErrorKind.MALFORMED,
        ErrorKind.UPSTREAM_AUTH,
    }
)
"""Kinds where another target may answer what this one did not. A client's own fault is never among them.

UPSTREAM_REFUSED is not either: it is UPSTREAM_AUTH for reasons that hold for every credential of this gateway, such as
its clock.
"""


class ProviderError(Exception):
    """A vendor's failure, classified. ``message`` is text for the client and carries no credential of ours."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,  # noqa: A002 - OpenAI's own field name
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
        stale_token: bool = False,
        model_only: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s
        self.stale_token = stale_token
        self.model_only = model_only


def of_exchange(error: ProviderError) -> ProviderError:
    """``error`` as that of an exchange of a credential for a token.

    It holds nothing of a client's, so that what is a client's fault in a chat is the credential's, or its address's,
    here.
    """
    return error if error.kind in RETRYABLE else ProviderError(ErrorKind.UPSTREAM_AUTH, error.message)


def not_here(message: str) -> ProviderError:
    """The error of a model that this credential lacks and another may have; the client sees that it is missing."""
    return ProviderError(
        ErrorKind.UPSTREAM_AUTH,
        message,
        status=404,
        type="invalid_request_error",
        code=ErrorKind.MODEL_NOT_FOUND.value,
        model_only=True,
    )

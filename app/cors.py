"""Open cross-origin access: any page may call with its key, and no cookies are involved.

By hand, because the whole of it is three constant headers, and flask-cors spends 5 % of a plain request's CPU on
finding that out (docs/decisions/0004-cors-by-hand.md).
"""

from typing import Final

from flask import Response, request

_EXPOSED: Final = (
    "x-request-id, x-gateway-target, x-gateway-attempts, x-gateway-changes, retry-after, retry-after-ms, x-should-retry"
)
_METHODS: Final = "GET, POST, OPTIONS"


def preflight() -> Response:
    """The answer to any OPTIONS request: what was asked for is allowed, for a day."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    response.headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "*")
    response.headers["Access-Control-Max-Age"] = "86400"
    response.headers["Allow"] = _METHODS
    return response


def allow(response: Response) -> None:
    """Mark a response as readable by any page."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED

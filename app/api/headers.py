"""Headers that tell what the gateway did for a request."""

from urllib.parse import quote

from app.telemetry import Trace


def reply_headers(trace: Trace) -> dict[str, str]:
    """Who answered, and what of the request could not be handed on. Labels and field names only."""
    headers = {"x-gateway-target": _ascii(trace.target)}
    if trace.changes:
        headers["x-gateway-changes"] = _ascii("; ".join(trace.changes))
    return headers


def _ascii(text: str) -> str:
    return quote(text, safe=" !#$&'()*+,/:;=?@[]<>|-._~\"")

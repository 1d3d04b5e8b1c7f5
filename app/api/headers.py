"""Headers that tell what the gateway did for a request."""

from urllib.parse import quote

from app.telemetry import Trace


def reply_headers(trace: Trace) -> dict[str, str]:
    """Who answered, and what of the request could not be handed on. Labels and field names only."""
    headers = {"x-gateway-target": _ascii(trace.target), **attempts(trace)}
    if trace.changes:
        headers["x-gateway-changes"] = _ascii("; ".join(trace.changes))
    return headers


def attempts(trace: Trace) -> dict[str, str]:
    """The tries so far, ``label:outcome`` each, where there was more than the one that answers."""
    failed = [attempt for attempt in trace.attempts if not attempt.endswith(":ok")]
    return {"x-gateway-attempts": _ascii(", ".join(trace.attempts))} if failed else {}


def _ascii(text: str) -> str:
    return quote(text, safe=" !#$&'()*+,/:;=?@[]<>|-._~\"")

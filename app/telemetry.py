"""One access line per request, written when its reply is closed: ids, counts, times, kinds; never a prompt or key."""

import json
import logging
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from app import errors, redaction
from app.errors import ErrorReply
from providers.types import Usage

ACCESS: Final = logging.getLogger("simple_one_api.access")
GATEWAY: Final = logging.getLogger("simple_one_api")
SERVER: Final = logging.getLogger("gunicorn.error")


@dataclass(slots=True)
class Trace:
    """What is known of one request so far. Times are in seconds of the monotonic clock."""

    request_id: str
    method: str
    path: str
    began: float = field(default_factory=time.monotonic)
    caller: str = "-"
    model: str = "-"
    target: str = "-"
    stream: bool = False
    status: int = 0
    error: str = "-"
    attempts: list[str] = field(default_factory=list)
    changes: tuple[str, ...] = ()
    notes: dict[str, int] = field(default_factory=dict)
    first: float | None = None
    usage: Usage | None = None
    sent_bytes: int = 0
    quiet: bool = False
    written: bool = False

    def note(self, text: str) -> None:
        """Count a remark of a vendor's decoder."""
        self.notes[text] = self.notes.get(text, 0) + 1

    def failed(self, error: BaseException) -> ErrorReply:
        """The reply for a failure, after taking note of it; what nobody expected is logged with its traceback."""
        reply = errors.describe(error)
        self.error = reply.kind
        if reply.kind == "internal":
            GATEWAY.error("%s failed", self.request_id, exc_info=error)
        return reply

    def sent(self, chunk_bytes: int) -> None:
        """Count bytes on their way to the client; the first ones set the time to first byte."""
        if self.first is None:
            self.first = time.monotonic()
        self.sent_bytes += chunk_bytes

    def write(self) -> None:
        """Write the access line, once; health checks and the like only where debugging is on."""
        if not self.written:
            self.written = True
            level = logging.DEBUG if self.quiet else logging.INFO
            if ACCESS.isEnabledFor(level):
                ACCESS.log(level, "request", extra={"fields": self.fields()})

    def fields(self) -> dict[str, Any]:
        """The line's fields in their order; what is unknown is left out."""
        now = time.monotonic()
        fields: dict[str, Any] = {
            "id": self.request_id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "caller": self.caller,
            "model": self.model,
            "target": self.target,
            "stream": self.stream,
            "attempts": ",".join(self.attempts),
            "error": self.error,
            "first_byte_ms": round((self.first - self.began) * 1000) if self.first is not None else None,
            "total_ms": round((now - self.began) * 1000),
            "prompt_tokens": self.usage.prompt_tokens if self.usage else None,
            "completion_tokens": self.usage.completion_tokens if self.usage else None,
            "sent_bytes": self.sent_bytes,
            "changes": "; ".join(self.changes),
            "notes": "; ".join(f"{text} ({count}x)" for text, count in self.notes.items()),
        }
        return {name: value for name, value in fields.items() if value not in (None, "", "-", False)}


class TextFormatter(logging.Formatter):
    """``time level message key=value …``; values with blanks are quoted."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, scrubbed of secrets."""
        pairs = " ".join(f"{name}={_quoted(value)}" for name, value in getattr(record, "fields", {}).items())
        line = f"{self.formatTime(record)} {record.levelname.lower()} {record.getMessage()} {pairs}".rstrip()
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redaction.scrub(line)


class JSONFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, scrubbed of secrets."""
        entry = {"time": self.formatTime(record), "level": record.levelname.lower(), "message": record.getMessage()}
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return redaction.scrub(orjson.dumps(entry, default=str).decode())


def _quoted(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text.isprintable():
        return json.dumps(text)  # a client chose it, and it may hold what moves a terminal's cursor
    return orjson.dumps(text).decode() if set(text) & set(' "=') else text


def _scrubbed(record: logging.LogRecord) -> bool:
    """True, after taking the secrets out of a line of the server's: it quotes what it cannot read of a request."""
    record.msg, record.args = redaction.scrub(record.getMessage()), None
    if record.exc_info and not record.exc_text:
        record.exc_text = redaction.scrub(logging.Formatter().formatException(record.exc_info))
    return True


def configure(level: str, *, as_json: bool) -> None:
    """Send this program's log lines to standard output, one per line, from ``level`` (debug, info, warn, error) up."""
    SERVER.addFilter(_scrubbed)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JSONFormatter() if as_json else TextFormatter())
    GATEWAY.handlers = [handler]
    GATEWAY.propagate = False
    GATEWAY.setLevel({"warn": "WARNING"}.get(level, level.upper()))

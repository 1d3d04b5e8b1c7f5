"""Access lines: what happened, in text or JSON, and nothing secret."""

import json
import logging

import pytest

from app import redaction
from app.telemetry import JSONFormatter, TextFormatter, Trace, configure
from providers.errors import ErrorKind, ProviderError
from providers.types import Usage


def record(**fields: object) -> logging.LogRecord:
    made = logging.LogRecord("n", logging.INFO, "p", 1, "request", None, None)
    made.fields = fields
    return made


def test_fields_leave_out_what_is_unknown() -> None:
    """Broken: a line is full of dashes, or lacks what is known."""
    trace = Trace("req_1", "POST", "/v1/chat/completions")
    trace.status, trace.usage, trace.changes = 200, Usage(3, 2), ("dropped n",)
    trace.attempts += ["a:timeout", "b:ok"]
    trace.note("odd")
    trace.note("odd")
    trace.sent(10)
    trace.sent(5)
    fields = trace.fields()
    assert fields["attempts"] == "a:timeout,b:ok"
    assert (fields["prompt_tokens"], fields["completion_tokens"], fields["sent_bytes"]) == (3, 2, 15)
    assert fields["notes"] == "odd (2x)"
    assert fields["changes"] == "dropped n"
    assert not {"error", "caller", "stream"} & set(fields)


def test_written_once(caplog: pytest.LogCaptureFixture) -> None:
    """Broken: one request leaves two lines."""
    trace = Trace("req_once", "GET", "/")
    with caplog.at_level(logging.INFO, logger="simple_one_api.access"):
        trace.write()
        once = len(caplog.records)
        trace.write()
    assert once and len(caplog.records) == once


def test_health_checks_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a health check every few seconds fills the log."""
    with caplog.at_level(logging.INFO, logger="simple_one_api.access"):
        Trace("req_quiet", "GET", "/healthz", quiet=True).write()
    assert "req_quiet" not in [record.fields["id"] for record in caplog.records if hasattr(record, "fields")]


def test_failure_is_noted_and_the_unexpected_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a crash leaves no traceback, or an ordinary failure leaves one."""
    trace = Trace("req_1", "GET", "/")
    assert trace.failed(ProviderError(ErrorKind.TIMEOUT, "w")).status == 504
    assert (trace.error, caplog.records) == ("timeout", [])
    assert trace.failed(KeyError("x")).status == 500
    assert caplog.records[0].exc_info


def test_names_of_clients_choice_stay_within_their_line() -> None:
    """Broken: a client's model name or path begins a line of its own, or sends commands to a terminal."""
    line = TextFormatter().format(record(path="/v1/models/\x1b[2J", model="m\r2026 info request", target="厂商"))
    assert line.endswith('request path="/v1/models/\\u001b[2J" model="m\\r2026 info request" target=厂商')
    assert TextFormatter().format(record(model="\x9b2J")).endswith('model="\\u009b2J"')


def test_formats_scrub_secrets() -> None:
    """Broken: a secret reaches the log, also by way of a traceback."""
    redaction.remember(["secret-value-1"])
    line = TextFormatter().format(record(path="/a b", model="secret-value-1", stream=True))
    assert 'request path="/a b" model=*** stream=true' in line
    made = record(model="m")
    try:
        raise ValueError("holds secret-value-1")
    except ValueError as error:
        made.exc_info = (type(error), error, error.__traceback__)
    entry = json.loads(JSONFormatter().format(made))
    assert entry["message"] == "request"
    assert "secret-value-1" not in entry["traceback"] + TextFormatter().format(made)
    assert "ValueError" in entry["traceback"]
    redaction.remember([])


@pytest.mark.parametrize(("level", "number"), [("warn", 30), ("debug", 10), ("info", 20)])
def test_levels(level: str, number: int) -> None:
    """Broken: a level of the config has no effect."""
    configure(level, as_json=True)
    logger = logging.getLogger("simple_one_api")
    assert logger.level == number
    assert isinstance(logger.handlers[0].formatter, JSONFormatter)
    configure("info", as_json=False)


def test_lines_of_the_server_are_scrubbed(caplog: pytest.LogCaptureFixture) -> None:
    """Broken: a header that has no colon, or an exception of the server's, brings a key into its log."""
    configure("info", as_json=False)
    configure("info", as_json=False)
    redaction.remember(["secret-value-1"])
    server = logging.getLogger("gunicorn.error")
    server.warning("Invalid HTTP Header: %r", "Authorization Bearer secret-value-1")
    try:
        raise ValueError("holds secret-value-1")
    except ValueError:
        server.exception("Error handling request %s", "/translate?token=secret-value-1")
    redaction.remember([])
    assert [record.getMessage() for record in caplog.records] == [
        "Invalid HTTP Header: 'Authorization Bearer ***'",
        "Error handling request /translate?token=***",
    ]
    assert "ValueError" in caplog.text and "secret-value-1" not in caplog.text

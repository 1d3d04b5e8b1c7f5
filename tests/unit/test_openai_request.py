"""Whole requests: the order of the body, the address, and stop texts that the gateway must cut."""

from typing import Any

import orjson
import pytest

from providers.types import ChatRequest, Destination
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.request import encode

MESSAGES = [{"role": "user", "content": "x"}]


def test_body_is_the_clients_own() -> None:
    """A body that needs no change is changed, or its order is not the documented one."""
    params = {"temperature": 0.5, "tools": [], "metadata": {"a": 1}}
    wire = encode(ChatRequest("alias", MESSAGES, True, params), Destination("m", "https://a.example/v1"), Dialect())
    assert wire.body == orjson.dumps({"model": "m", "messages": MESSAGES, "stream": True, **params})
    assert (wire.method, wire.url, wire.changes) == ("POST", "https://a.example/v1/chat/completions", ())
    assert dict(wire.headers) == {"content-type": "application/json"}


def test_plain_requests_have_no_stream_field() -> None:
    """A vendor gets ``stream: false``, which some refuse beside other fields."""
    wire = encode(ChatRequest("m", MESSAGES, False, {}), Destination("m", "https://a.example"), Dialect())
    assert "stream" not in orjson.loads(wire.body)


def test_names_and_addresses_of_a_row() -> None:
    """A row's own names or addresses are not used."""
    row = Dialect(name=str.lower, url=lambda url, model: f"{url}/{model}/v9", root="/v3")
    wire = encode(ChatRequest("m", MESSAGES, False, {}), Destination("ABC", "https://a.example"), row)
    assert wire.url == "https://a.example/abc/v9/chat/completions"
    assert orjson.loads(wire.body)["model"] == "abc"


@pytest.mark.parametrize(
    ("options", "split"), [({"split_think": True}, True), ({}, False), ({"split_think": "x"}, False)]
)
def test_thoughts_are_split_on_demand(options: dict[str, Any], split: bool) -> None:
    """An entry that wants thoughts apart does not get them, or one that does not want it gets it."""
    to = Destination("m", "https://a.example", options=options)
    assert encode(ChatRequest("m", MESSAGES, False, {}), to, Dialect()).split_think is split


def test_older_spellings() -> None:
    """A vendor that knows only tools gets functions, or loses them."""
    messages = [*MESSAGES, {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}]
    request = ChatRequest("m", messages, False, {"functions": [{"name": "f"}], "function_call": {"name": "f"}})
    body = orjson.loads(encode(request, Destination("m", "https://a.example"), Dialect(modern_only=True)).body)
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}
    assert "functions" not in body


@pytest.mark.parametrize(("stop", "stops"), [("a", ("a",)), (["a", "b"], ("a", "b")), (None, ()), (5, ())])
def test_stops_to_cut(stop: Any, stops: tuple[str, ...]) -> None:
    """Stop texts of a vendor that leaves them in the answer reach the client."""
    request = ChatRequest("m", MESSAGES, False, {"stop": stop})
    assert encode(request, Destination("m", "https://a.example"), Dialect(cut_stops=True)).stops == stops
    assert encode(request, Destination("m", "https://a.example"), Dialect()).stops == ()

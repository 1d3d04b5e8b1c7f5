"""Thought signatures across turns, although the client drops them: noted by one reply, put back by the next request."""

import pytest

from app.memory import Memory
from providers.types import Json
from providers.wires.gemini.signatures import PLACEHOLDER
from tests.unit.gemini import FLASH, NEW, answer, call, decoded, encoded, streamed, tool
from tests.unit.test_gemini_history import CALL, assistant, contents, response, user


def remembered(*parts: Json, model: str = NEW, vertex: bool = False) -> tuple[Memory, list[str]]:
    """The memory after a reply with these parts, and the ids that the client got."""
    memory, wire = Memory(), encoded(model, stream=True, vertex=vertex)
    deltas = decoded(streamed(answer(parts)), wire)
    for delta in deltas:
        memory.keep(delta.memo or {})
    return memory, [str(one.id) for delta in deltas for one in delta.tool_calls]


SIGNED = {"functionCall": {"id": "u1", "name": "f", "args": {}}, "thoughtSignature": "U0lH"}
SECOND = {"functionCall": {"id": "u2", "name": "f", "args": {}}}


def test_signatures_come_back() -> None:
    """Broken: the second turn lacks its signature, or the vendor's own ids, and the API refuses it."""
    memory, ids = remembered(SIGNED, SECOND)
    messages = [user("q"), assistant(None, *map(call, ids)), *(tool(one, "1") for one in ids)]
    found, changes = contents(*messages, model=NEW, memory=memory)
    assert found[1]["parts"] == [SIGNED, SECOND]
    assert found[2]["parts"] == [response("1", id="u1"), response("1", id="u2")]
    assert changes == ()


def test_signature_without_an_id() -> None:
    """Broken: an id that the vendor did not give is sent to it."""
    memory, ids = remembered({**CALL, "thoughtSignature": "U0lH"}, model=FLASH)
    assert ids[0].startswith("call_")
    found, _ = contents(user("q"), assistant(None, call(ids[0])), tool(ids[0], "1"), model=FLASH, memory=memory)
    assert found[1]["parts"] == [{**CALL, "thoughtSignature": "U0lH"}]
    assert found[2]["parts"] == [response("1")]


@pytest.mark.parametrize(("model", "vertex"), [("gemini-3-pro-preview", False), (NEW, True)])
def test_signature_of_elsewhere(model: str, vertex: bool) -> None:
    """Broken: a signature is shown to another model or at another door, which refuse it."""
    memory, ids = remembered(SIGNED)
    told = call(ids[0], extra_content={"google": {"thought_signature": "U0lH"}})
    found, _ = contents(user("q"), assistant(None, told), tool(ids[0], "1"), model=model, vertex=vertex, memory=memory)
    assert found[1]["parts"] == [{**CALL, "thoughtSignature": PLACEHOLDER}]
    assert found[2]["parts"] == [response("1")]


def test_signature_that_nobody_kept() -> None:
    """Broken: a call of unknown origin is refused by the newest models, or others get a needless placeholder."""
    messages = [user("q"), assistant(None, call("a"), call("b")), tool("a", "1"), tool("b", "2")]
    found, changes = contents(*messages, model=NEW)
    assert found[1]["parts"] == [{**CALL, "thoughtSignature": PLACEHOLDER}, CALL]
    assert changes == ("put a placeholder for a thought signature that is not known",)
    assert contents(*messages, model=FLASH)[0][1]["parts"] == [CALL, CALL]


def test_signature_that_the_client_kept() -> None:
    """Broken: a signature in the form of the vendor's OpenAI surface is not taken."""
    told = call("a", extra_content={"google": {"thought_signature": "U0lH"}})
    found, changes = contents(user("q"), assistant(None, told), tool("a", "1"), model=NEW)
    assert (found[1]["parts"], changes) == ([{**CALL, "thoughtSignature": "U0lH"}], ())
    odd = call("a", extra_content={"google": "x"})
    assert contents(user("q"), assistant(None, odd), tool("a", "1"), model=FLASH)[0][1]["parts"] == [CALL]

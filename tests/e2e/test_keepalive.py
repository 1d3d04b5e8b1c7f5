"""Silence of the vendor: comments keep the client's connection alive, and patience ends where the config says."""

import time

import openai
import pytest

from tests.e2e.calls import DONE, MESSAGES, chat, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lively(vendor: FakeVendor, lasting_gateway: StartGateway) -> Gateway:
    """A gateway that sends a comment after a second of silence, and waits for the vendor for almost two."""
    models = ["ok?delay=1.4", "ok?first=1.4", "ok?gap=1.3&words=1", "fault:stall-mid", "fault:stall-first-event"]
    entry = {
        "server_url": vendor.url,
        "models": models,
        "credentials": {"api_key": "good-key-lively"},
        "timeout": 1.8,
        "first_event_timeout": 1.8,
    }
    return lasting_gateway({"keepalive_seconds": 1, "services": {"openai": [entry]}})


@pytest.mark.parametrize("model", ["ok?delay=1.4", "ok?first=1.4"])
def test_comments_while_the_vendor_thinks(lively: Gateway, model: str) -> None:
    """A model that thinks for a while looks dead to the proxies in between."""
    call = chat_call(lively, model, stream=True)
    events = list(call.events())
    call.close()
    comments = [at for at, event in events if event.startswith(b":")]
    assert len(comments) == 1 and events[-1][1] == DONE


def test_the_official_client_takes_comments(lively: Gateway) -> None:
    """The comments spoil the stream for the official client."""
    with (
        lively.sdk() as client,
        client.chat.completions.create(model="ok?first=1.4", messages=MESSAGES, stream=True) as chunks,
    ):
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT


def test_comments_in_the_middle(lively: Gateway) -> None:
    """Only the wait for the first event is covered by comments."""
    call = chat_call(lively, "ok?gap=1.3&words=1", stream=True)
    events = [event for _, event in call.events()]
    call.close()
    assert sum(event.startswith(b":") for event in events) >= 2
    assert events[-1] == DONE and b"word" in b"".join(events)


@pytest.mark.parametrize("model", ["fault:stall-mid", "fault:stall-first-event"])
def test_comments_do_not_hide_a_vendor_that_went_silent(lively: Gateway, model: str) -> None:
    """The gateway's own comments count as life of the vendor, and the client waits for ever."""
    began = time.monotonic()
    reply = chat(lively, model, stream=True)
    assert 1.6 < time.monotonic() - began < 8
    assert b": keep-alive" in reply.body and b"[DONE]" not in reply.body
    assert reply.chunks[-1]["error"]["message"]


def test_a_plain_answer_has_no_comments(lively: Gateway) -> None:
    """Comments are sent where JSON is expected."""
    with lively.sdk() as client:
        completion: openai.types.chat.ChatCompletion = client.chat.completions.create(
            model="ok?delay=1.4", messages=MESSAGES
        )
    assert completion.choices[0].message.content == TEXT

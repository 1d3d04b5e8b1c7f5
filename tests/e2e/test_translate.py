"""Translation at DeepLX's and DeepL's addresses, through a fake vendor that answers the same text to everything."""

from typing import Any, Final

import pytest

from tests.e2e.calls import Call, bearer, post
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.e2e.shared import FRIEND, MASTER
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e

KEY: Final = bearer(MASTER)
NO_KEY: Final = {"Accept": "*/*"}
ONE: Final[dict[str, Any]] = {"text": "Hello", "source_lang": "en", "target_lang": "zh", "model": "ok"}


@pytest.mark.parametrize("path", ["/translate", "/v1/translate"])
def test_one_text(shared: Gateway, vendor: FakeVendor, path: str) -> None:
    """A DeepLX client does not find its fields, or the model is not told text and languages."""
    mark = vendor.mark()
    reply = post(shared, path, ONE, KEY)
    expected = {"code": 200, "data": TEXT, "alternatives": [], "source_lang": "EN", "target_lang": "ZH"}
    assert expected.items() <= reply.json.items()
    (entry,) = vendor.entries("ok", mark)
    assert "Hello" in entry.prompt and '"en"' in entry.prompt and '"zh"' in entry.prompt


def test_one_text_as_a_stream(shared: Gateway) -> None:
    """A streamed translation is not whole, or a failure in its middle looks like its end."""
    reply = post(shared, "/translate", {**ONE, "stream": True}, KEY)
    assert "".join(chunk["data"] for chunk in reply.chunks) == TEXT
    cut = post(shared, "/translate", {**ONE, "stream": True, "model": "fault:no-terminal?framing=close"}, KEY)
    assert cut.chunks[-1]["error"]["code"] == "upstream_incomplete"


def test_several_texts(shared: Gateway, vendor: FakeVendor) -> None:
    """Texts are lost or change places, empty ones cost a request, or a form is not understood."""
    mark = vendor.mark()
    body = {"text": ["one", "", "three"], "target_lang": "DE", "model": "ok"}
    reply = post(shared, "/v2/translate", body, KEY)
    texts = [item["text"] for item in reply.json["translations"]]
    assert texts == [TEXT, "", TEXT]
    assert len(vendor.entries("ok", mark)) == 2
    assert "prompt_tokens" in shared.access_line(reply.id)
    headers = {"Authorization": f"DeepL-Auth-Key {MASTER}", "Content-Type": "application/x-www-form-urlencoded"}
    form = b"text=one&text=t%C3%BCr&target_lang=DE&model=ok"
    answer = Call(shared.port, "/v2/translate", form, headers).reply()
    assert answer.json == {"translations": [{"detected_source_language": "", "text": TEXT}] * 2}
    assert any("tür" in entry.prompt for entry in vendor.entries("ok", mark))


def test_keys(shared: Gateway) -> None:
    """The token in the address is not taken, is taken elsewhere, stands in the log, or opens any model."""
    assert post(shared, f"/translate?token={MASTER}", ONE, NO_KEY).status == 200
    assert post(shared, "/translate?token=wrong", ONE, NO_KEY).status == 401
    assert post(shared, "/translate", ONE, NO_KEY).status == 401
    assert post(shared, f"/v1/chat/completions?token={MASTER}", {"model": "ok"}, NO_KEY).status == 401
    assert post(shared, "/translate", {**ONE, "model": "everyday"}, bearer(FRIEND)).status == 404
    assert MASTER not in shared.log


def test_failures(shared: Gateway) -> None:
    """A vendor's failure or a cut translation comes as a good answer, or a bad body as a 500."""
    assert post(shared, "/translate", {**ONE, "model": "fault:status-401"}, KEY).status == 502
    assert post(shared, "/v2/translate", {**ONE, "model": "fault:status-429"}, KEY).status == 429
    assert post(shared, "/translate", {"text": "a"}, KEY).error["param"] == "target_lang"
    assert post(shared, "/translate", {**ONE, "text": ["a", "b"]}, KEY).error["param"] == "text"
    assert post(shared, "/v2/translate", {**ONE, "stream": True}, KEY).error["param"] == "stream"


def test_settings(gateway: StartGateway, vendor: FakeVendor) -> None:
    """The template, the model, further attempts or the switch of the config have no effect."""
    entry = {"server_url": vendor.url, "models": ["ok", "fault:status-500"], "credentials": {"api_key": "good-key-t"}}
    services = {"openai": [entry]}
    translation = {"model": "ok", "promptTemplate": "nach %s: %s", "retry": 2, "concurrency": 2}
    with_template = gateway({"translation": translation, "circuit_breaker": {"enabled": False}, "services": services})
    mark = vendor.mark()
    assert post(with_template, "/translate", {"text": "Hello", "target_lang": "DE"}).json["data"] == TEXT
    assert vendor.entries("ok", mark)[0].prompt == "nach DE: Hello"
    failing = {"text": "x", "target_lang": "DE", "model": "fault:status-500"}
    assert post(with_template, "/translate", failing).status == 500
    assert len(vendor.entries("fault:status-500", mark)) == 3
    off = gateway({"translation": {"enable": False}, "services": services})
    reply = post(off, "/translate", {"text": "Hello", "target_lang": "DE"})
    assert reply.status == 404 and "translation.enable" in reply.error["message"]

"""The HTTP surface over a toy vendor: addresses, rights, shapes and headers, without a server."""

import base64
import gzip
import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import ClientGone
from app.factory import create_app
from app.runtime import Holder
from config.model import CallerKey, Limits, ParamsRange, Translation
from providers.errors import ErrorKind, ProviderError
from providers.types import Secret, WireRequest
from tests.unit.toy import event, good, runtime, upstream, wired

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def answer(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    return (200, iter([b"[[1.0, -0.5]]"])) if wire.body.startswith(b"[") else good(wire)


def client(script: Any = answer, **settings: Any) -> FlaskClient:
    made, _ = wired(runtime(upstream("a", models=("m", "org/deep/model")), **settings), a=script)
    return create_app(Holder(made)).test_client()


@pytest.mark.parametrize(
    "path",
    [
        *("/v1", "/v1/", "/chat/completions", "/v1/chat/completions", "/v1/v1/chat/completions"),
        *("/v1//chat/completions", "/v1//v1///chat/completions"),
    ],
)
def test_chat_addresses(path: str) -> None:
    """Broken: a client that doubles or leaves out a part of the address is refused."""
    reply = client().post(path, json=ASK)
    assert reply.status_code == 200
    assert reply.json["choices"][0]["message"]["content"] == "Hello"
    assert reply.headers["x-gateway-target"] == "a"
    assert reply.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("path", ["//v1/chat/completions", "///v1//chat/completions", "//chat/completions"])
def test_addresses_that_begin_with_two_slashes(path: str) -> None:
    """Broken: a client whose base address ends with a slash is redirected, which curl does not follow."""
    reply = client().post("/", json=ASK, environ_overrides={"PATH_INFO": path})
    assert (reply.status_code, reply.headers.get("location")) == (200, None)


def test_wrong_content_type_is_still_json() -> None:
    """Broken: curl without a content type is refused."""
    reply = client().post(
        "/v1/chat/completions", data=json.dumps(ASK), content_type="application/x-www-form-urlencoded"
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("body", [b' {"text": "hi", "target_lang": "DE"}', b"text=hi&target_lang=DE"])
def test_translation_of_what_is_called_a_form(body: bytes) -> None:
    """Broken: what curl sends without a content type, JSON or a form, is not understood."""
    settings = Translation(model="m")
    reply = client(translation=settings).post("/translate", data=body, content_type="application/x-www-form-urlencoded")
    assert reply.json["data"] == "Hello"


def test_compressed_body_is_told_so() -> None:
    """Broken: a client that compresses is told of letters that are no JSON."""
    headers = {"Content-Encoding": "gzip"}
    reply = client().post("/v1/chat/completions", data=gzip.compress(json.dumps(ASK).encode()), headers=headers)
    assert (reply.status_code, "content-encoding" in reply.json["error"]["message"]) == (400, True)
    plain = {"Content-Encoding": "identity"}
    assert client().post("/v1/chat/completions", json=ASK, headers=plain).status_code == 200


def test_stream() -> None:
    """Broken: a stream is buffered by proxies, or has no end."""
    reply = client().post("/v1/chat/completions", json={**ASK, "stream": True})
    assert reply.content_type == "text/event-stream; charset=utf-8"
    assert reply.headers["X-Accel-Buffering"] == "no"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.data.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("failure", "end"),
    [
        (ProviderError(ErrorKind.TIMEOUT, "vendor slept"), b'"vendor slept"'),
        (RuntimeError("inside"), b'"internal_error"'),
        (ClientGone(), b'"content":"Hel"'),
    ],
)
def test_failure_in_mid_stream(failure: Exception, end: bytes) -> None:
    """Broken: a failed stream ends like a good one, or tells of the gateway's inside."""

    def failing(_wire: WireRequest) -> tuple[int, Iterator[bytes]]:
        def chunks() -> Iterator[bytes]:
            yield event(text="Hel")
            raise failure

        return 200, chunks()

    reply = client(failing).post("/v1/chat/completions", json={**ASK, "stream": True})
    assert reply.status_code == 200
    assert b"[DONE]" not in reply.data
    assert b"inside" not in reply.data
    assert end in reply.data.split(b"\n\n")[-2]


def test_failure_before_the_stream_is_a_status() -> None:
    """Broken: a client gets 200 and then an error that could have been a status."""
    reply = client(lambda _wire: (500, iter([b"vendor words"]))).post(
        "/v1/chat/completions", json={**ASK, "stream": True}
    )
    assert reply.status_code == 502
    assert reply.json["error"]["message"] == "vendor words"


@pytest.mark.parametrize("path", ["/models", "/v1/models", "/v1/v1/models"])
def test_models(path: str) -> None:
    """Broken: a client finds no models."""
    listed = client().get(path).json
    assert [model["id"] for model in listed["data"]] == ["e", "m", "org/deep/model", "random"]
    assert {model["object"] for model in listed["data"]} == {"model"}


def test_model_by_id() -> None:
    """Broken: an id with slashes is not found, or an unknown one is."""
    assert client().get("/v1/models/org/deep/model").json["id"] == "org/deep/model"
    missing = client().get("/v1/models/nothing")
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(encoding: str) -> None:
    """Broken: vectors come in another encoding than was asked for."""
    reply = client().post("/v1/embeddings", json={"model": "e", "input": "a", "encoding_format": encoding}).json
    vector = reply["data"][0]["embedding"]
    if encoding == "base64":
        vector = list(struct.unpack("<2f", base64.b64decode(vector)))
    assert vector == [1.0, -0.5]
    assert reply["usage"] == {"prompt_tokens": 1, "total_tokens": 1}


KEYS = (CallerKey(Secret("master-key"), "master"), CallerKey(Secret("small-key"), "key-1", frozenset({"m"})))


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/v1/models/m"), ("POST", "/v1/embeddings")],
)
def test_every_address_asks_for_the_key(method: str, path: str) -> None:
    """Broken: models or embeddings are open to everybody."""
    asked = client(caller_keys=KEYS).open(path, method=method, json=ASK)
    assert (asked.status_code, asked.json["error"]["code"]) == (401, "invalid_api_key")


def test_rights_of_a_key() -> None:
    """Broken: a key calls or sees a model it has no right to."""
    headers = {"Authorization": "Bearer small-key"}
    made = client(caller_keys=KEYS)
    assert [model["id"] for model in made.get("/v1/models", headers=headers).json["data"]] == ["m", "random"]
    assert made.get("/v1/models/e", headers=headers).status_code == 404
    assert made.post("/v1/chat/completions", json=ASK, headers=headers).status_code == 200
    assert made.post("/v1/embeddings", json={"model": "e", "input": "a"}, headers=headers).status_code == 404
    assert (
        made.post("/v1/chat/completions", json={**ASK, "model": "org/deep/model"}, headers=headers).status_code == 404
    )


@pytest.mark.parametrize("path", ["/", "/healthz"])
def test_open_addresses(path: str) -> None:
    """Broken: a health check needs a key."""
    assert client(caller_keys=KEYS).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/no/such/thing"])
def test_preflight(path: str) -> None:
    """Broken: a browser may not call."""
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    reply = client(caller_keys=KEYS).options(path, headers=headers)
    assert reply.status_code in (200, 204)
    assert reply.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    assert "authorization" in reply.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/no/such/thing", 404), ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/models", 405)],
)
def test_wrong_addresses_and_methods(method: str, path: str, status: int) -> None:
    """Broken: an error page in HTML."""
    reply = client().open(path, method=method)
    assert reply.status_code == status
    assert set(reply.json["error"]) == {"message", "type", "param", "code"}
    assert reply.headers["x-request-id"]


def test_body_limit() -> None:
    """Broken: a body of any size is read into memory."""
    reply = client(max_body_bytes=100).post("/v1/chat/completions", json={**ASK, "user": "x" * 200})
    assert (reply.status_code, reply.json["error"]["code"]) == (413, "request_too_large")


def test_request_id_of_a_proxy_is_kept() -> None:
    """Broken: a request cannot be followed through a proxy's log, or a hostile id gets into ours."""
    assert client().get("/", headers={"X-Request-Id": "abc-123"}).headers["x-request-id"] == "abc-123"
    assert client().get("/", headers={"X-Request-Id": "a b"}).headers["x-request-id"].startswith("req_")


def test_changes_are_named_in_a_header() -> None:
    """Broken: something was dropped and nobody was told."""
    reply = client().post("/v1/chat/completions", json={**ASK, "odd_ü": 1})
    assert reply.headers["x-gateway-changes"] == "dropped odd_%C3%BC"


@pytest.mark.parametrize(("bounds_of", "told"), [("alias", "1.0"), ("random", None), ("m", "1.0")])
def test_bounds_of_the_name_that_is_called(bounds_of: str, told: str | None) -> None:
    """Broken: ``params_range`` of an alias has no effect, though ``check`` has nothing against it."""
    bounds = {bounds_of: ParamsRange(temperature=(None, 1.0))}
    reply = client(model_redirect={"alias": "m"}, params_range=bounds).post(
        "/v1/chat/completions", json={**ASK, "model": "alias", "temperature": 2}
    )
    assert reply.headers.get("x-gateway-changes") == (told and f"clamped temperature to {told}")


def test_what_nobody_expected_is_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a crash shows its inside, or has another shape."""

    def crash(*_: Any) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("app.routing.chat_route", crash)
    reply = client().post("/v1/chat/completions", json=ASK)
    assert (reply.status_code, reply.json["error"]["type"]) == (500, "server_error")
    assert b"inside" not in reply.data


def test_limits_reach_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a full queue has no 429, or no time to come back."""
    made, _ = wired(runtime(upstream("a", limits=Limits(rpm=1, queue_s=0.05))), a=answer)
    served = create_app(Holder(made)).test_client()
    assert served.post("/v1/chat/completions", json=ASK).status_code == 200
    reply = served.post("/v1/chat/completions", json=ASK)
    assert reply.status_code == 429
    assert int(reply.headers["retry-after"]) > 50


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(TimeoutError("late"), 408, "request_timeout"), (ValueError("badly framed"), 400, None)],
)
def test_a_body_that_does_not_arrive(error: Exception, status: int, code: str | None) -> None:
    """Broken: a body that is late or broken is a fault of the gateway, with a traceback."""

    class Body:
        def read(self, _size: int = -1) -> bytes:
            raise error

    environ = {"wsgi.input": Body(), "wsgi.input_terminated": True, "CONTENT_LENGTH": "10"}
    reply = client().post("/v1/chat/completions", environ_overrides=environ)
    assert (reply.status_code, reply.json["error"]["code"]) == (status, code)


def test_a_body_that_ends_early() -> None:
    """Broken: the part of a body that came is taken for the whole."""
    environ = {"CONTENT_LENGTH": "1000", "wsgi.input_terminated": True}
    reply = client().post("/v1/chat/completions", data=json.dumps(ASK), environ_overrides=environ)
    assert reply.status_code == 400 and "content-length" in reply.json["error"]["message"]

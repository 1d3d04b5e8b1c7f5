"""The gateway's addresses, methods and headers, as clients of every habit use them."""

import json
from typing import Final

import openai
import pytest

from tests.e2e import schemas
from tests.e2e.calls import MESSAGES, Call, bearer, chat, exchange, get, post
from tests.e2e.process import Gateway
from tests.e2e.schemas import Judge
from tests.e2e.shared import FRIEND, FRIENDS_MODELS, MASTER
from tests.fakevendor.replies import TEXT

pytestmark = pytest.mark.e2e

ASKED: Final = {"model": "ok", "messages": MESSAGES}
KEY: Final = bearer(MASTER)
CHAT_PATHS: Final = ("/v1/chat/completions", "/v1", "/v1/", "/chat/completions", "/v1/v1/chat/completions")
ANY_PATHS: Final = (*CHAT_PATHS, "/v1/models", "/v1/models/org/family/large", "/v1/embeddings", "/healthz", "/nowhere")


@pytest.mark.parametrize("path", [*CHAT_PATHS, "/v1/chat/completions/"])
def test_addresses_of_chat(shared: Gateway, path: str) -> None:
    """A client whose base address is a little off gets 404."""
    assert post(shared, path, ASKED, KEY).json["choices"][0]["message"]["content"] == TEXT
    assert post(shared, path, {**ASKED, "stream": True}, KEY).events[-1] == b"data: [DONE]"


@pytest.mark.parametrize("path", ["/v1/embeddings", "/embeddings", "/v1/v1/embeddings"])
def test_addresses_of_embeddings(shared: Gateway, path: str) -> None:
    """The same for embeddings."""
    assert post(shared, path, {"model": "embed-ok", "input": "x"}, KEY).status == 200


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/v1/v1/models", "/v1/models/"])
def test_the_list_of_models(shared: Gateway, judge: Judge, path: str) -> None:
    """A model is missing from the list, or the list is not OpenAI's."""
    document = get(shared, path, KEY).json
    judge.check(schemas.MODELS, document)
    names = [model["id"] for model in document["data"]]
    wanted = {"ok", "everyday", "nickname", "org/family/large", "embed-ok", "random", "fault:status-429?retry_after=7"}
    assert wanted <= set(names) and len(names) == len(set(names))


def test_one_model(client: openai.OpenAI, shared: Gateway, judge: Judge) -> None:
    """A model is not found by its name, or every name is."""
    for name in ("ok", "org/family/large", "fault:status-429?retry_after=7"):
        assert client.models.retrieve(name).id == name
    judge.check(schemas.MODEL, get(shared, "/v1/models/org/family/large", KEY).json)
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("org/family")
    assert caught.value.code == "model_not_found"


def test_a_key_sees_its_own_models(shared: Gateway) -> None:
    """A key for some models sees or uses others."""
    with shared.sdk(FRIEND) as friend:
        assert {model.id for model in friend.models.list()} == {*FRIENDS_MODELS, "random"}
        assert friend.chat.completions.create(**ASKED).choices[0].message.content == TEXT  # type: ignore[call-overload]
        assert friend.embeddings.create(model="embed-ok", input="x").data
        for ask in (
            lambda: friend.models.retrieve("everyday"),
            lambda: friend.chat.completions.create(model="everyday", messages=MESSAGES),  # type: ignore[arg-type]
            lambda: friend.chat.completions.create(model="fault:crlf", messages=MESSAGES),  # type: ignore[arg-type]
            lambda: friend.embeddings.create(model="fault:status-429", input="x"),
        ):
            with pytest.raises(openai.NotFoundError) as caught:
                ask()
            assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {MASTER}"},
        {"x-api-key": "wrong"},
        {"Authorization": f"Bearer {MASTER}x"},
        {"Authorization": "Bearer \xfc\xe9"},
    ],
    ids=str,
)
def test_without_a_good_key(shared: Gateway, judge: Judge, headers: dict[str, str]) -> None:
    """Something answers without a key, or says no in another way than OpenAI."""
    replies = [post(shared, path, ASKED, headers or {"x": "y"}) for path in (*CHAT_PATHS, "/v1/embeddings")]
    replies += [get(shared, path, headers or {"x": "y"}) for path in ("/v1/models", "/v1/models/ok")]
    for reply in replies:
        judge.check(schemas.ERROR, reply.json)
        assert reply.status == 401 and reply.error["code"] == "invalid_api_key"
        assert reply.error["type"] == "invalid_request_error" and "wrong" not in reply.error["message"]


@pytest.mark.parametrize(
    "headers", [{"x-api-key": MASTER}, {"Authorization": f"bearer {MASTER}"}, {"authorization": f"Bearer  {MASTER} "}]
)
def test_ways_to_send_the_key(shared: Gateway, headers: dict[str, str]) -> None:
    """A client that sends its key in another way is locked out."""
    assert post(shared, "/v1/chat/completions", ASKED, headers).status == 200


@pytest.mark.parametrize("path", ANY_PATHS)
def test_options_on_every_address(shared: Gateway, path: str) -> None:
    """A browser's preflight fails, so web clients cannot call at all."""
    asked = {"Origin": "https://a.test", "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os"}
    reply = get(shared, path, {**asked, "Access-Control-Request-Method": "POST"}, method="OPTIONS")
    assert reply.status in (200, 204) and reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-headers"] == asked["Access-Control-Request-Headers"]
    assert "POST" in reply.headers["access-control-allow-methods"]


def test_every_answer_can_be_read_by_any_page(shared: Gateway) -> None:
    """A web client cannot read errors or streams, or not the id of a request."""
    replies = [
        chat(shared, "ok", key=MASTER),
        chat(shared, "ok", key=MASTER, stream=True),
        chat(shared, "ok", key="wrong"),
        chat(shared, "nobody", key=MASTER),
        chat(shared, "fault:status-500", key=MASTER),
        get(shared, "/nowhere", KEY),
        get(shared, "/v1/chat/completions", KEY),
    ]
    for reply in replies:
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "x-request-id" in reply.headers["access-control-expose-headers"]


def test_the_id_of_a_request(shared: Gateway) -> None:
    """An id from in front is lost, two requests share one, or a log line can be forged by an id."""
    ids = [chat(shared, "ok", key=MASTER).id for _ in range(2)]
    assert ids[0] != ids[1] and all(ids)
    for given, kept in (("from-nginx_17", True), ("a b", False), ("x" * 200, False), ("a=b", False)):
        reply = post(shared, "/v1/chat/completions", ASKED, {**KEY, "X-Request-Id": given})
        assert (reply.id == given) is kept


def test_a_stream_asks_not_to_be_gathered(shared: Gateway) -> None:
    """Proxies and browsers keep or gather the events of a stream."""
    headers = chat(shared, "ok", key=MASTER, stream=True).headers
    assert headers["content-type"].split(";")[0] == "text/event-stream"
    assert headers["cache-control"] == "no-cache" and headers["x-accel-buffering"] == "no"
    assert "content-length" not in headers


def test_unknown_addresses_and_methods(shared: Gateway, judge: Judge) -> None:
    """A wrong address or method gets a page instead of an error that clients can read."""
    unknown = [get(shared, "/nowhere", KEY), post(shared, "/v1/chat", ASKED, KEY), get(shared, "/v1/models/none", KEY)]
    assert [reply.status for reply in unknown] == [404] * 3
    wrong = [get(shared, "/v1/chat/completions", KEY), post(shared, "/v1/models", ASKED, KEY)]
    wrong.append(get(shared, "/v1/chat/completions", KEY, method="DELETE"))
    assert [reply.status for reply in wrong] == [405] * 3
    assert "POST" in wrong[0].headers["allow"] and "GET" in wrong[1].headers["allow"]
    for reply in unknown + wrong:
        judge.check(schemas.ERROR, reply.json)
        assert reply.error["message"] and reply.id


def test_health_needs_no_key(shared: Gateway) -> None:
    """A load balancer cannot ask whether the gateway lives."""
    assert get(shared, "/healthz", {"x": "y"}).json == {"status": "ok"}
    assert get(shared, "/healthz", {"x": "y"}, method="HEAD").status == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", "", "nonsense"],
)
def test_any_content_type(shared: Gateway, content_type: str) -> None:
    """A client that names another content type, or none, is refused although its body is good JSON."""
    headers = {"Authorization": f"Bearer {MASTER}", "Content-Type": content_type}
    assert post(shared, "/v1/chat/completions", ASKED, headers).status == 200


def test_old_and_odd_http(shared: Gateway) -> None:
    """Clients with chunked bodies, with ``Expect``, or of HTTP/1.0 get no answer, or one without an end."""
    body = json.dumps({**ASKED, "stream": True}).encode()
    head = f"Host: x\r\nAuthorization: Bearer {MASTER}\r\nConnection: close\r\n"
    sized = f"{head}Content-Length: {len(body)}\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    path = b"POST /v1/chat/completions HTTP/1."
    for sent in (
        path + b"0\r\n" + sized.encode() + b"\r\n" + body,
        path + b"1\r\n" + sized.encode() + b"Expect: 100-continue\r\n\r\n" + body,
        path + b"1\r\n" + chunked,
    ):
        received = exchange(shared, sent)
        assert b" 200 OK" in received and b"data: [DONE]" in received
    assert b"chunked" not in exchange(shared, path + b"0\r\n" + sized.encode() + b"\r\n" + body).lower()


def test_a_connection_is_kept(shared: Gateway) -> None:
    """Each request of a client needs a new connection, also after a stream or an error."""
    call = Call(shared.port, "/v1/models", headers=KEY)
    first = call.head()
    first.read()
    connection = call._connection
    local = connection.sock.getsockname()
    for asked in (
        {**ASKED, "stream": True},
        {**ASKED, "model": "nobody"},
        {**ASKED, "model": "fault:status-500"},
        ASKED,
    ):
        connection.request("POST", "/v1/chat/completions", json.dumps(asked), KEY)
        connection.getresponse().read()
        assert connection.sock is not None and connection.sock.getsockname() == local
    connection.close()

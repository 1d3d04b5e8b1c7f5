"""The shipped nginx site in front of the gateway: streams come event by event, errors stay OpenAI's."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import openai
import pytest

from tests.e2e import nginx
from tests.e2e.calls import MESSAGES, Call, Reply, bearer
from tests.e2e.nginx import Nginx
from tests.e2e.process import Gateway
from tests.e2e.shared import MASTER
from tests.fakevendor.control import FakeVendor
from tests.fakevendor.replies import TEXT

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not nginx.BINARY.exists(), reason="nginx is not installed"),
    pytest.mark.skipif(not nginx.SITE.exists(), reason="no nginx site in deploy/"),
]


@pytest.fixture(scope="module")
def front(shared: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx.in_front_of(shared, tmp_path_factory.mktemp("nginx")) as running:
        yield running


def ask(front: Nginx, body: Any, headers: dict[str, str] | None = None) -> Call:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(
        front.tls_port, "/v1/chat/completions", sent, {**bearer(MASTER), **(headers or {})}, context=front.context
    )


def test_events_come_one_by_one(front: Nginx) -> None:
    """Nginx gathers the events of a stream, and the user sees nothing until it is over."""
    call = ask(front, {"model": "ok?gap=0.15", "messages": MESSAGES, "stream": True})
    times = [at for at, event in call.events() if b'"content":"' in event and b'"content":""' not in event]
    call.close()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) == 5 and all(0.05 < gap < 0.4 for gap in gaps), gaps


def test_the_official_client_behind_nginx(front: Nginx) -> None:
    """The official client stumbles over what nginx makes of the answers."""
    http_client = openai.DefaultHttpxClient(verify=front.context, trust_env=False)
    url = f"https://127.0.0.1:{front.tls_port}/v1"
    with openai.OpenAI(base_url=url, api_key=MASTER, max_retries=0, http_client=http_client) as client:
        assert client.chat.completions.create(model="ok", messages=MESSAGES).choices[0].message.content == TEXT
        with client.chat.completions.create(model="ok", messages=MESSAGES, stream=True) as chunks:
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT
        with pytest.raises(openai.RateLimitError, match="the vendor says 429"):
            client.chat.completions.create(model="fault:status-429", messages=MESSAGES)
        assert client.models.retrieve("org/family/large").id == "org/family/large"


def test_a_broken_stream_behind_nginx(front: Nginx) -> None:
    """Nginx swallows the error event at the end of a broken stream."""
    reply = ask(front, {"model": "fault:reset-mid", "messages": MESSAGES, "stream": True}).reply()
    assert reply.chunks[-1]["error"]["message"] and b"[DONE]" not in reply.body


def test_a_large_body_is_refused_by_the_gateway(front: Nginx) -> None:
    """Nginx answers a large body with a page of its own, which no client can read."""
    reply: Reply = ask(front, b"x" * (2 * 2**20)).reply()
    assert reply.status == 413 and reply.error["code"] == "request_too_large"


def test_a_client_that_leaves_nginx_is_gone_for_the_vendor(front: Nginx, vendor: FakeVendor) -> None:
    """Nginx keeps the upstream connection of a client that has left."""
    mark = vendor.mark()
    call = ask(front, {"model": "ok?delay=4", "messages": MESSAGES, "stream": True})
    vendor.wait_for(lambda entry: entry.model == "ok?delay=4", since=mark)
    left_s = call.hang_up()
    seen = vendor.wait_for(lambda entry: entry.closed_by_peer_s is not None, 2, since=mark)
    assert seen.closed_by_peer_s is not None and seen.closed_by_peer_s - left_s < 1


def test_one_id_for_both(front: Nginx, shared: Gateway) -> None:
    """A request has one id in nginx's log and another in the gateway's."""
    reply = ask(front, {"model": "ok", "messages": MESSAGES}).reply()
    assert len(reply.id) == 32
    assert "status=200" in shared.access_line(reply.id)


def test_plain_http_is_sent_to_tls(front: Nginx) -> None:
    """Keys travel in the clear because plain HTTP is answered."""
    assert Call(front.plain_port, "/v1/models").reply().status == 308

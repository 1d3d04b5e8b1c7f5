"""Images by address through a real gateway: bytes for vendors that want them, and no way inside for anybody."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.e2e.calls import Call, Reply, bearer, chat, chat_call
from tests.e2e.conftest import StartGateway
from tests.e2e.process import Gateway
from tests.fakevendor.claude import running as running_claude
from tests.fakevendor.control import FakeVendor
from tests.proxies.http import http_proxy
from tests.unit.hosting import PNG, Host, answer, hosting, redirect

pytestmark = pytest.mark.e2e

DATA_URL: Final = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
PARAM: Final = "messages[0].content[1].image_url.url"
TIMEOUT_S: Final = 2.0
LARGE: Final = PNG * 60


def parts(*urls: str) -> list[dict[str, Any]]:
    images = [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    return [{"role": "user", "content": [{"type": "text", "text": "what is it?"}, *images]}]


def entry(name: str, vendor: FakeVendor, target: str = "ok", **fields: Any) -> dict[str, Any]:
    """An entry whose row takes bytes only."""
    return {
        "id": name,
        "provider": "moonshot",
        "server_url": vendor.url,
        "models": [name],
        "model_map": {name: target},
        "credentials": {"api_key": f"good-key-{name}"},
        "limit": {"concurrency": 1, "timeout": 5},
        **fields,
    }


def images_at(vendor: FakeVendor, name: str, since: int) -> list[list[str]]:
    """The images of each request that an entry sent up."""
    entries = [seen for seen in vendor.entries(since=since) if seen.key == f"good-key-{name}"]
    return [[part["image_url"]["url"] for part in seen.body["messages"][0]["content"][1:]] for seen in entries]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """The web server of the images, which the gateways' config vouches for."""
    with hosting({"/a.png": answer(), "/moved": redirect("a.png"), "/large": answer(LARGE)}) as started:
        yield started


@pytest.fixture(scope="module")
def fetching(vendor: FakeVendor, host: Host, lasting_gateway: StartGateway) -> Gateway:
    """A gateway that may fetch from ``host`` beside what anybody may name."""
    first = entry("failing", vendor, "fault:status-500", models=["twice"], model_map={"twice": "fault:status-500"})
    second = entry("working", vendor, models=["twice"], model_map={"twice": "ok"})
    free = entry("free", vendor, limit={})
    bytes_only, urls_too = entry("bytes", vendor), entry("urls", vendor, provider="openai")
    return lasting_gateway(
        {
            "load_balancing": "first",
            "images": {
                "allow_hosts": [host.name, f"img.example:{host.port}"],
                "timeout_seconds": TIMEOUT_S,
                "max_mb": 0.2,
                "max_total_mb": 0.3,
                "max_count": 3,
            },
            "services": {"openai": [bytes_only, urls_too, free, first, second]},
        }
    )


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_vendor_that_wants_bytes_gets_them(fetching: Gateway, vendor: FakeVendor, host: Host, stream: bool) -> None:
    """A vendor that takes bytes only is handed an address, or an image in another form than it came in."""
    mark = vendor.mark()
    asked = parts(host.url("/a.png"), "data:image/gif;base64,R0lG", host.url("/moved"))
    assert chat(fetching, "bytes", stream=stream, messages=asked).status == 200
    sent = next(seen for seen in vendor.entries(since=mark) if seen.key == "good-key-bytes").body["messages"]
    assert sent == parts(DATA_URL, "data:image/gif;base64,R0lG", DATA_URL)


def test_others_get_the_address(fetching: Gateway, vendor: FakeVendor, host: Host) -> None:
    """An image is fetched for a vendor that fetches itself."""
    mark, heads, url = vendor.mark(), len(host.heads), "http://127.0.0.1/secret.png"
    assert chat(fetching, "urls", messages=parts(url)).status == 200
    assert images_at(vendor, "urls", mark) == [[url]] and len(host.heads) == heads


HOSTILE: Final = (
    "http://127.0.0.1/",
    "http://127.0.0.1:22/",
    "http://localhost/",
    "http://localhost.localdomain/",
    "http://169.254.169.254/latest/meta-data/iam/",
    "http://100.100.100.200/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://127.1/",
    "http://１２７.0.0.1/",
    "http://user:secret@example.com/",
    "http://example.com:6379/",
    "http://example.com\\@127.0.0.1/",
)


def check_refused(reply: Reply, *, within: str = "cannot be fetched") -> None:
    assert reply.status == 400, reply.body
    error = reply.error
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "image_fetch_failed", PARAM)
    assert PARAM in error["message"] and within in error["message"], error
    assert not any(word in error["message"] for word in ("secret", "127.", "169.254", "refused", "Errno"))


def test_nothing_inside_is_reached(fetching: Gateway, vendor: FakeVendor, host: Host) -> None:
    """A client reads, by way of the gateway, what only the gateway can reach; or learns what there is inside."""
    mark, heads = vendor.mark(), len(host.heads)
    own = [f"http://127.0.0.1:{fetching.port}/v1/models", vendor.url, host.url("/a.png", "localhost")]
    for url in (*HOSTILE, *own):
        check_refused(chat(fetching, "bytes", messages=parts(url)))
    assert not images_at(vendor, "bytes", mark) and len(host.heads) == heads


def test_redirects_lead_nowhere_inside(fetching: Gateway, vendor: FakeVendor, host: Host) -> None:
    """A host that may be called sends the gateway on to one that may not."""
    mark = vendor.mark()
    for number, url in enumerate((*HOSTILE, vendor.url, "file:///etc/passwd", "gopher://127.0.0.1:6379/_x")):
        # A header holds ASCII; browsers and this host write the rest of a name so.
        host.answers[f"/{number}"] = redirect(url.encode("ascii", "xmlcharrefreplace").decode())
        check_refused(chat(fetching, "bytes", messages=parts(host.url(f"/{number}"))))
    assert not images_at(vendor, "bytes", mark)


def test_what_is_no_image(fetching: Gateway, vendor: FakeVendor, host: Host) -> None:
    """Text of another host is sent up as an image, where a model might read it out, or stands in an error."""
    mark = vendor.mark()
    host.answers |= {"/text": answer(b"secret"), "/json": answer(b"secret", content_type="application/json")}
    host.answers |= {"/gone": answer(b"secret", "403 Forbidden"), "/packed": answer(content_encoding="gzip")}
    whys = {"/text": "it is no", "/json": "not served as an image", "/gone": "status 403", "/packed": "compressed"}
    for path, why in whys.items():
        check_refused(chat(fetching, "bytes", messages=parts(host.url(path))), within=why)
    assert not images_at(vendor, "bytes", mark)


def test_bounds(fetching: Gateway, host: Host) -> None:
    """A request makes the gateway fetch more images, or larger ones, than its operator allows."""
    host.answers["/huge"] = answer(PNG * 200)
    check_refused(chat(fetching, "bytes", messages=parts(host.url("/huge"))), within="larger than 0.2 MiB")
    several = chat(fetching, "bytes", messages=parts(*[host.url("/large")] * 3))
    assert "0.3 MiB together" in several.error["message"]
    many = chat(fetching, "bytes", messages=parts(*[host.url("/a.png")] * 4))
    assert (many.status, many.error["code"]) == (400, "too_many_images")


def test_time(fetching: Gateway, host: Host) -> None:
    """A host that says nothing, or stalls the handshake, where no read has begun, keeps the request."""
    host.answers["/slow"] = lambda client: time.sleep(TIMEOUT_S * 2)
    urls = (host.url("/slow"), host.url("/a.png").replace("http:", "https:"))
    calls = [chat_call(fetching, "free", stream=True, messages=parts(url)) for url in urls]
    for call in calls:
        check_refused(call.reply())


def test_one_fetch_for_all_attempts(fetching: Gateway, vendor: FakeVendor, host: Host) -> None:
    """An image is fetched anew for each target that is tried, or only the first one gets it."""
    mark, heads = vendor.mark(), len(host.heads)
    reply = chat(fetching, "twice", messages=parts(host.url("/a.png")))
    assert reply.status == 200
    assert images_at(vendor, "failing", mark) == images_at(vendor, "working", mark) == [[DATA_URL]]
    assert len(host.heads) == heads + 1
    assert 'notes="fetched an image (1x)"' in fetching.access_line(reply.id)


def test_a_client_that_leaves(fetching: Gateway, host: Host) -> None:
    """The fetch goes on for a client that has left, and its slot at the vendor stays taken."""
    begun, ended = threading.Event(), threading.Event()

    def hang(client: Any) -> None:
        begun.set()
        if client.recv(1) == b"":
            ended.set()

    host.answers["/hang"] = hang
    call = chat_call(fetching, "bytes", messages=parts(host.url("/hang")))
    assert begun.wait(3)
    left_s = call.hang_up()
    following = chat(fetching, "bytes", messages=parts(DATA_URL))
    assert following.status == 200
    assert ended.wait(3) and time.monotonic() - left_s < TIMEOUT_S


def test_switched_off(gateway: StartGateway, vendor: FakeVendor, host: Host) -> None:
    """The operator's word is not heeded: images are fetched although they must not be."""
    started = gateway({"images": {"fetch": False}, "services": {"openai": [entry("off", vendor)]}})
    mark, heads = vendor.mark(), len(host.heads)
    assert chat(started, "off", messages=parts(host.url("/a.png"))).status == 200
    assert images_at(vendor, "off", mark) == [[host.url("/a.png")]] and len(host.heads) == heads


def test_proxy_and_claude(gateway: StartGateway, vendor: FakeVendor, host: Host) -> None:
    """Images pass the service's proxy by, or are fetched where the vendor would do it itself."""
    with http_proxy(names={"img.example": "127.0.0.1"}) as proxy, running_claude() as claude:
        names = ("img.example", "127.0.0.1", "localhost")
        way = {"http_proxy": f"http://127.0.0.1:{proxy.port}"}
        proxied = entry("proxied", vendor, proxy=way)
        messages_api = {
            "models": ["claude-sonnet-4-5"],
            "server_url": claude.url,
            "credentials": {"api_key": "test-key"},
        }
        config = {"services": {"openai": [proxied], "claude": [messages_api]}}
        started = gateway({"images": {"allow_hosts": [f"{name}:{host.port}" for name in names]}, **config})
        mark = vendor.mark()
        assert chat(started, "proxied", messages=parts(host.url("/a.png", "img.example"))).status == 200
        assert images_at(vendor, "proxied", mark) == [[DATA_URL]]
        assert proxy.targets[0] == f"img.example:{host.port}" and proxy.methods[0] == "GET"
        check_refused(chat(started, "proxied", messages=parts("http://169.254.169.254/")))

        urls = (host.url("/a.png", "localhost"), "https://img.example/b.png")
        mixed = chat(started, "claude-sonnet-4-5", messages=parts(*urls))
        assert mixed.status == 200, mixed.body
        assert mixed.json["choices"][0]["message"]["content"].endswith("[image/png] [https://img.example/b.png]")
    assert not claude.faults


def test_inline_images_are_bounded_by_the_body(gateway: StartGateway, vendor: FakeVendor) -> None:
    """An image in the request itself may be of any size."""
    started = gateway({"max_body_mb": 0.1, "services": {"openai": [entry("small", vendor)]}})
    body = json.dumps({"model": "small", "messages": parts(f"data:image/png;base64,{'A' * 200_000}")}).encode()
    reply = Call(started.port, "/v1/chat/completions", body, bearer("any")).reply()
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")

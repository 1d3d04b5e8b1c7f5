"""Images by address on their way to a vendor that wants bytes: which, how many, how large, and what is said if not."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
import pytest

from app import gateway, images, inlining
from app.attempt import Attempt
from app.call import Call
from config.model import Images
from providers.addresses import Unfetchable
from providers.errors import ErrorKind, ProviderError
from providers.fetch import Bounds, Image
from providers.types import ChatRequest, Destination, Json, Secret, WireRequest
from providers.vendor import Inlines
from tests.unit.hosting import answer, hosting
from tests.unit.toy import TOY, call, good, runtime, upstream, wired

A, B = "http://a.example/1.png", "HTTPS://b.example/2"
INLINE = "data:image/png;base64,AAAA"


def image(url: str, **more: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": [{"type": "text", "text": "see http://a.example/1.png"}, *parts]}


MESSAGES: list[Json] = [
    {"role": "system", "content": "http://a.example/1.png"},
    user(image(A, detail="low"), image(INLINE), image("ms://file")),
    {"role": "assistant", "content": None},
    user({"type": "file", "file": {"file_data": A}}, image(B), image(A)),
]


def test_found() -> None:
    """Broken: an image is passed over, or something is fetched that is no image by address."""
    assert list(inlining.found(MESSAGES, True)) == [
        ("messages[1].content[1].image_url.url", A),
        ("messages[3].content[2].image_url.url", B),
        ("messages[3].content[3].image_url.url", A),
    ]
    assert [url for _, url in inlining.found(MESSAGES, lambda url: "b.example" in url)] == [B]
    assert not list(inlining.found(MESSAGES, False))


def test_replaced() -> None:
    """Broken: the client's messages are changed, other fields of a part are lost, or another part is."""
    before = copy.deepcopy(MESSAGES)
    fresh = inlining.replaced(MESSAGES, {A: "data:1"})
    assert before == MESSAGES
    assert [fresh[n] is MESSAGES[n] for n in range(4)] == [True, False, True, False]
    assert fresh[1] == user(image("data:1", detail="low"), image(INLINE), image("ms://file"))
    assert fresh[3]["content"][2] is MESSAGES[3]["content"][2]
    assert fresh[3]["content"][3] == image("data:1")


class Web:
    """Images by address; notes what was asked for."""

    def __init__(self, size: int = 3, told: Callable[[], None] = lambda: None) -> None:
        self.size, self.told = size, told
        self.asked: list[tuple[str, Bounds, Secret | None]] = []

    def __call__(self, url: str, bounds: Bounds, proxy_url: Secret | None) -> Image:
        self.asked.append((url, bounds, proxy_url))
        self.told()
        return Image("image/png", bytes(self.size))


def inlined(web: Web, asked: Call, *urls: str, wanted: Inlines = True, proxy: Secret | None = None) -> ChatRequest:
    request = ChatRequest("m", [user(*map(image, urls))], False, {})
    return images.inlined(request, wanted, proxy, asked, web)


def called(**rules: Any) -> Call:
    return call(runtime(upstream("a"), images=Images(**rules)))


def urls_of(request: ChatRequest) -> list[str]:
    return [part["image_url"]["url"] for part in request.messages[0]["content"][1:]]


def refused(web: Web, asked: Call, *urls: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        inlined(web, asked, *urls)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    return caught.value


def test_bytes_for_addresses() -> None:
    """Broken: an image is not fetched by the rules of the config and the way of the service, or fetched twice."""
    web, asked, way = Web(), called(max_bytes=7, allow_hosts=("x:1",)), Secret("http://proxy")
    assert urls_of(inlined(web, asked, A, INLINE, B, A, proxy=way)) == [INLINE, INLINE, INLINE, INLINE]
    assert [url for url, _, _ in web.asked] == [A, B]
    assert {(b.max_bytes, b.allowed, proxy) for _, b, proxy in web.asked} == {(7, ("x:1",), way)}
    assert len({b.deadline_s for _, b, _ in web.asked}) == 1
    assert asked.trace.notes == {"fetched an image": 2}
    inlined(web, asked, A)
    assert len(web.asked) == 2


@pytest.mark.parametrize(("wanted", "fetch"), [(False, True), (True, False), (lambda _url: False, True)])
def test_left_alone(wanted: Inlines, fetch: bool) -> None:
    """Broken: an image is fetched for a vendor that fetches itself, or although the operator forbade it."""
    web = Web()
    assert urls_of(inlined(web, called(fetch=fetch), A, wanted=wanted)) == [A]
    assert not web.asked


def test_too_many() -> None:
    """Broken: a request makes the gateway fetch, or send, any number of images; one that repeats itself, say."""
    web = Web()
    error = refused(web, called(max_count=2), A, B, A)
    assert (error.code, error.param) == ("too_many_images", "messages[0].content[3].image_url.url")
    assert not web.asked
    assert urls_of(inlined(web, called(max_count=2), A, B)) == [INLINE, INLINE]


def test_too_much_together() -> None:
    """Broken: many images of the allowed size are together more than a request may have; the same one many times."""
    rules = {"max_total_bytes": 2 * 2**20}
    assert len(urls_of(inlined(Web(2**20), called(**rules), A, B))) == 2
    for urls in ((A, B, f"{B}3"), (A, A, A)):
        error = refused(Web(2**20), called(**rules), *urls)
        assert error.message.endswith("cannot be fetched: the images of a request may have 2 MiB together")
        assert (error.code, error.param) == ("image_fetch_failed", "messages[0].content[3].image_url.url")


def test_what_is_said() -> None:
    """Broken: a client does not learn which image cannot be had, or learns it as a fault of the vendor."""

    def fail() -> None:
        raise Unfetchable("it is no image")

    error = refused(Web(told=fail), called(), INLINE, A)
    assert error.message == "the image at 'messages[0].content[2].image_url.url' cannot be fetched: it is no image"
    assert (error.code, error.param, error.status) == (
        "image_fetch_failed",
        "messages[0].content[2].image_url.url",
        None,
    )


def test_the_deadline_holds_wherever_it_waits() -> None:
    """Broken: what has no clock of its own keeps the request; or a clock of somebody else is taken for this one."""
    error = refused(Web(told=lambda: gevent.sleep(5)), called(timeout_s=0.05), A)
    assert error.message.endswith("its host did not answer in time")
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        inlined(Web(told=lambda: gevent.sleep(5)), called(), A)


def test_before_the_vendor() -> None:
    """Broken: a vendor that wants bytes is given addresses, or a failed fetch counts as its fault or uses it up."""
    seen: list[ChatRequest] = []

    def encode(request: ChatRequest, to: Destination) -> WireRequest:
        seen.append(request)
        return TOY.encode(request, to)

    vendor = replace(TOY, inlines=True, encode=encode)
    with hosting({"/good": answer()}) as host:
        rules = Images(allow_hosts=(host.name,))
        made, transports = wired(runtime(upstream("a"), upstream("b"), vendor=vendor, images=rules), a=good, b=good)
        request = ChatRequest("m", [user(image(host.url("/good")))], True, {})
        assert list(Attempt(made.chat["m"][0], call(made)).chat(request))
        assert urls_of(seen[0])[0].startswith("data:image/png;base64,iVBORw0KGgo")
        assert urls_of(request) == [host.url("/good")]

        for _ in range(6):
            failing = call(made)
            with pytest.raises(ProviderError, match="cannot be fetched: its host answered with status 404"):
                gateway.chat(ChatRequest("m", [user(image(host.url("/bad")))], True, {}), (made.chat["m"],), failing)
            assert failing.trace.attempts == ["a:invalid_request"]
    assert len(transports["a"].sent) == 1 and not transports["b"].sent

"""Images by address for vendors that want bytes: fetched in the attempt's greenlet, so that it ends with its client."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import Final

import gevent

from app import inlining
from app.call import Call
from config.model import Images
from providers.addresses import Unfetchable
from providers.errors import ErrorKind, ProviderError
from providers.fetch import Bounds, Image, fetch
from providers.types import ChatRequest, Secret
from providers.vendor import Inlines

Fetch = Callable[[str, Bounds, Secret | None], Image]

FAILED: Final = "image_fetch_failed"


def inlined(
    request: ChatRequest, wanted: Inlines, proxy_url: Secret | None, call: Call, fetch: Fetch = fetch
) -> ChatRequest:
    """The request with every ``wanted`` image as a data: URL; the same object where there is none.

    Raises INVALID_REQUEST naming the part, for images that cannot be had and for more than the config allows.
    """
    rules = call.runtime.settings.images
    places = list(inlining.found(request.messages, wanted)) if wanted and rules.fetch else []
    if not places:
        return request
    if len(places) > rules.max_count:
        path, message = places[rules.max_count][0], f"this gateway fetches {rules.max_count} images for a request"
        raise ProviderError(ErrorKind.INVALID_REQUEST, message, code="too_many_images", param=path)
    bounds = Bounds(rules.max_bytes, monotonic() + rules.timeout_s, rules.allow_hosts)
    total_bytes = 0
    for path, url in places:
        with _named(path), _ending(bounds):
            if url not in call.images:
                call.images[url] = fetch(url, bounds, proxy_url)
                call.trace.note("fetched an image")
            # One address may stand in many places, and each costs its bytes.
            total_bytes += len(call.images[url].data)
            _check_total(total_bytes, rules)
    instead = {url: _data_url(call.images[url]) for url in dict.fromkeys(url for _, url in places)}
    return replace(request, messages=inlining.replaced(request.messages, instead))


def _data_url(image: Image) -> str:
    return f"data:{image.type};base64,{b64encode(image.data).decode()}"


def _check_total(total_bytes: int, rules: Images) -> None:
    if total_bytes > rules.max_total_bytes:
        raise Unfetchable(f"the images of a request may have {rules.max_total_bytes / 2**20:.3g} MiB together")


@contextmanager
def _ending(bounds: Bounds) -> Iterator[None]:
    """End what is within at the deadline, wherever it is: a handshake, say, has a clock for each of its steps only."""
    timer = gevent.Timeout.start_new(max(0.0, bounds.deadline_s - monotonic()))
    try:
        yield
    except gevent.Timeout as late:
        if late is not timer:
            raise
        raise Unfetchable("its host did not answer in time") from None
    finally:
        timer.close()


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Make an error for the client of what is wrong with the image at ``path``."""
    try:
        yield
    except Unfetchable as error:
        message = f"the image at '{path}' cannot be fetched: {error.reason}"
        raise ProviderError(ErrorKind.INVALID_REQUEST, message, code=FAILED, param=path) from None

"""Whatever a client sends as a body is a request, or a 400 that says which field, or that the body, is wrong."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from hypothesis import strategies as st

from app import parse, translation
from app.errors import ApiError
from providers.types import ChatRequest
from tests.fuzz import values
from tests.fuzz.requests import chats
from tests.fuzz.sizes import Size, sized

ROLES: Final = {"system", "developer", "user", "assistant", "tool", "function"}
VECTORS: Final = [{"model": "m", "input": ["a", "b"]}, {"model": "m", "input": [[1, 2]], "encoding_format": "base64"}]
TEXTS: Final = [{"text": ["a", "b"], "target_lang": "ZH", "source_lang": "auto", "stream": True}]

bodies: Final[st.SearchStrategy[bytes]] = st.one_of(
    st.binary(max_size=60),
    values.json.map(orjson.dumps),
    values.changed(chats()).map(orjson.dumps),
    values.spoilt(chats().map(orjson.dumps)),
    values.changed(st.sampled_from([*VECTORS, *TEXTS])).map(orjson.dumps),
)


def refused(read: Callable[[bytes], Any], body: bytes) -> Any:
    """What ``body`` is read as; None for one that is refused as it should be."""
    try:
        return read(body)
    except ApiError as error:
        assert error.status == 400 and error.type == "invalid_request_error"
        assert (error.param and f"'{error.param}'" in error.message) or "the request body" in error.message, (
            error.message
        )
        orjson.dumps({"message": error.message, "param": error.param, "code": error.code})
    return None


def shaped(request: ChatRequest) -> bool:
    """Whether a request has what ``encode`` relies on."""
    return (
        bool(request.model.strip() and request.messages)
        and not {"model", "messages", "stream"} & request.params.keys()
        and all(message["role"] in ROLES and _has_content(message) for message in request.messages)
    )


def _has_content(message: dict[str, Any]) -> bool:
    content = message.get("content")
    if isinstance(content, list):
        return all(isinstance(part["type"], str) for part in content)
    return isinstance(content, str) or message["role"] in ("assistant", "function")


@sized(160, 30_000)
def test_any_body_is_a_request_or_a_400(size: Size) -> None:
    """Broken: a body that a client can send ends as a 500, or as a 400 that does not say what is wrong."""

    def a_request_or_a_400(body: bytes) -> None:
        request = refused(parse.chat, body)
        assert request is None or shaped(request)
        vectors = refused(parse.embeddings, body)
        assert vectors is None or (isinstance(vectors.inputs, list) and vectors.inputs)
        refused(lambda text: translation.wanted(parse.json_object(text), "m"), body)

    size.check(a_request_or_a_400, bodies)


@sized(80, 10_000)
def test_a_good_request_is_taken(size: Size) -> None:
    """Broken: a request that OpenAI takes is refused, or something of it is lost."""

    def taken_whole(document: dict[str, Any]) -> None:
        request = parse.chat(orjson.dumps(document))
        stream = {"stream": request.stream} if "stream" in document else {}
        assert {"model": request.model, "messages": request.messages, **stream, **request.params} == document

    size.check(taken_whole, chats())

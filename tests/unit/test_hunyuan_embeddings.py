"""Hunyuan's GetEmbedding."""

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, Json, WireRequest
from providers.wires.hunyuan.embeddings import BATCH, EMBEDDER

URL = "https://hunyuan.tencentcloudapi.com"


def encoded(inputs: list[str] | list[list[int]], **params: object) -> WireRequest:
    asked = EmbeddingRequest("hunyuan-embedding", inputs, params)
    return EMBEDDER.encode(asked, Destination("hunyuan-embedding", URL))


def answer(rows: list[Json]) -> bytes:
    usage = {"PromptTokens": 3, "TotalTokens": 3}
    return orjson.dumps({"Response": {"Data": rows, "Usage": usage, "RequestId": "r"}})


def test_one_and_many() -> None:
    """One text or several go up under the wrong name or action."""
    assert orjson.loads(encoded(["a"]).body) == {"Input": "a"}
    many = encoded(["a", "b"])
    assert orjson.loads(many.body) == {"InputList": ["a", "b"]}
    assert many.headers["x-tc-action"] == "GetEmbedding"
    assert (EMBEDDER.batch, BATCH) == (50, 50)


def test_losses() -> None:
    """A client that asks for other dimensions is not told that it does not get them."""
    assert encoded(["a"], encoding_format="base64", dimensions=1024, user=None).changes == ()
    assert encoded(["a"], dimensions=256, user="u").changes == ("dropped dimensions", "dropped user")


def test_tokens_are_refused() -> None:
    """Token numbers go up as if they were texts."""
    with pytest.raises(ProviderError) as raised:
        encoded([[1, 2]])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


@pytest.mark.parametrize("indexes", [(0, 0), (0, 1), (None, None)])
def test_order_of_vectors(indexes: tuple[int | None, int | None]) -> None:
    """Vectors are swapped where every Index is 0, as documented."""
    rows = [{"Embedding": [float(n)], "Index": index} for n, index in enumerate(indexes)]
    assert EMBEDDER.decode(answer(rows)).vectors == [[0.0], [1.0]]


def test_vectors_out_of_order() -> None:
    """Vectors that come out of order stay so."""
    rows = [{"Embedding": [1], "Index": 1}, {"Embedding": [0], "Index": 0}]
    assert EMBEDDER.decode(answer(rows)).vectors == [[0.0], [1.0]]


def test_failures() -> None:
    """An error inside a 200 is taken for an answer."""
    body = {"Response": {"Error": {"Code": "FailedOperation.ServiceStopArrears", "Message": "欠费"}}}
    with pytest.raises(ProviderError) as raised:
        EMBEDDER.decode(orjson.dumps(body))
    assert (raised.value.kind, raised.value.message) == (ErrorKind.QUOTA, "欠费")
    for odd in (b"<html>no</html>", b"[]"):
        with pytest.raises(ProviderError) as raised:
            EMBEDDER.decode(odd)
        assert raised.value.kind is ErrorKind.MALFORMED

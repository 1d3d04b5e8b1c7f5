"""Which of MiniMax's protocols an entry means, how it is signed, and its embeddings."""

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, Secret, WireRequest
from providers.vendor import choose, load_vendors

ROWS = load_vendors()
KEY = frozenset({"api_key"})
GROUPED = {"api_key": Secret("k"), "group_id": Secret("12 3&4")}


@pytest.mark.parametrize(
    ("server_url", "name"),
    [
        ("", "minimax"),
        ("https://api.minimax.chat/v1/text/chatcompletion_pro", "minimax-pro"),
        ("https://api.minimax.chat/v1/text/chatcompletion_pro?GroupId=7", "minimax-pro-grouped"),
        ("https://api.minimaxi.com/v1/text/chatcompletion_v2", "minimax-v2"),
        ("https://api.minimaxi.com/v1", "minimax-openai"),
        ("https://api.minimax.io", "minimax-openai"),
        ("https://api.minimaxi.chat/v1/chat/completions", "minimax-openai"),
        ("http://127.0.0.1:81/v1/text/chatcompletion_pro", "minimax-pro"),
        ("http://127.0.0.1:81/v1", "minimax-openai"),
    ],
)
@pytest.mark.parametrize("service", ["minimax", "openai"])
def test_pick(service: str, server_url: str, name: str) -> None:
    """An entry is spoken to in the wrong protocol."""
    if service == "openai" and "minimax" not in server_url:
        pytest.skip("under openai only the vendor's hosts are known")
    row = choose(ROWS, service, "", server_url, KEY)
    assert row is not None
    assert row.name == name


@pytest.mark.parametrize(
    ("row", "required"),
    [
        ("minimax", ("api_key",)),
        ("minimax-openai", ("api_key",)),
        ("minimax-v2", ("api_key",)),
        ("minimax-pro", ("api_key", "group_id")),
        ("minimax-pro-grouped", ("api_key",)),
    ],
)
def test_required_fields(row: str, required: tuple[str, ...]) -> None:
    """A group is asked for where none is needed, or a missing one is found out by the vendor."""
    assert ROWS[row].credentials.required == (required,)
    assert ROWS[row].credentials.known == {"api_key", "group_id"}


@pytest.mark.parametrize("row", ["minimax", "minimax-openai", "minimax-v2", "minimax-pro"])
@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("https://h/v1/text/chatcompletion_pro", "?GroupId=12%203%264"),
        ("https://h/v1/text/chatcompletion_pro?a=b", "?a=b&GroupId=12%203%264"),
        ("https://h/v1/text/chatcompletion_pro?groupid=7", "?groupid=7"),
        ("https://h/v1/text/chatcompletion_v2", "?GroupId=12%203%264"),
        ("https://h/relay/chatcompletion_pro/", "?GroupId=12%203%264"),
        ("https://h/v1/embeddings", "?GroupId=12%203%264"),
        ("https://h/v1/chat/completions", ""),
    ],
)
def test_signing(row: str, url: str, query: str) -> None:
    """The group is missing, doubled, or glued to another query."""
    signed = ROWS[row].sign(WireRequest("POST", url, {}, b""), GROUPED, 0.0)
    assert signed.url == url.partition("?")[0] + query
    assert signed.headers["authorization"] == "Bearer k"
    assert ROWS[row].sign(WireRequest("POST", url, {}, b""), {"api_key": Secret("k")}, 0.0).url == url


def test_a_group_left_open() -> None:
    """The group that the address only begins to name goes up empty, and the vendor refuses the key (1004)."""
    for query, sent in (("GroupId=", "GroupId=12%203%264"), ("a=b&groupid", "a=b&GroupId=12%203%264")):
        request = WireRequest("POST", f"https://h/v1/text/chatcompletion_pro?{query}", {}, b"")
        assert ROWS["minimax-pro"].sign(request, GROUPED, 0.0).url == f"https://h/v1/text/chatcompletion_pro?{sent}"


@pytest.mark.parametrize(
    ("row", "server_url", "url"),
    [
        ("minimax", "https://api.minimaxi.com/v1", "https://api.minimax.chat/v1/embeddings"),
        ("minimax-pro", "https://h/v1/text/chatcompletion_pro", "https://h/v1/embeddings"),
        ("minimax-pro-grouped", "https://h/v1/text/chatcompletion_pro?GroupId=7", "https://h/v1/embeddings?GroupId=7"),
        ("minimax-v2", "https://h/v1/text/chatcompletion_v2", "https://h/v1/embeddings"),
        ("minimax-openai", "https://h/v1/chat/completions", "https://h/v1/embeddings"),
        ("minimax-openai", "https://h", "https://h/v1/embeddings"),
        ("minimax-pro", "https://h/relay/v1/chatcompletion_pro", "https://h/relay/v1/embeddings"),
        ("minimax-openai", "https://h/v1/text/chatcompletion", "https://h/v1/embeddings"),
    ],
)
def test_where_embeddings_are(row: str, server_url: str, url: str) -> None:
    """Embeddings are asked for at an address of the chat."""
    embed = ROWS[row].embed
    assert embed
    wire = embed.encode(
        EmbeddingRequest("embo-01", ["a"], {"type": "query", "user": "u"}), Destination("e", server_url)
    )
    assert wire.url == url
    assert orjson.loads(wire.body) == {"model": "e", "texts": ["a"], "type": "query"}
    assert wire.changes == ("dropped user",)


def test_embedding_failures() -> None:
    """An error inside a 200 is taken for an answer, or token numbers go up as if they were texts."""
    embed = ROWS["minimax"].embed
    assert embed
    for body, kind in (
        (b'{"vectors":null,"base_resp":{"status_code":1004,"status_msg":"m"}}', ErrorKind.UPSTREAM_AUTH),
        (b'{"vectors":null,"base_resp":{"status_code":0}}', ErrorKind.MALFORMED),
        (b"<html>no</html>", ErrorKind.MALFORMED),
    ):
        with pytest.raises(ProviderError) as raised:
            embed.decode(body)
        assert raised.value.kind is kind
    with pytest.raises(ProviderError) as raised:
        embed.encode(EmbeddingRequest("e", [[1]], {}), Destination("e", "https://h"))
    assert raised.value.param == "input"

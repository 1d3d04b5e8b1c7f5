"""Addresses, deployments, credentials and bodies of Azure, without a network."""

import json
from typing import Any

import orjson
import pytest

from app import parse
from app.runtime import build
from config.load import loads
from config.model import Settings
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, Json, Secret, WireRequest
from providers.vendor import choose, load_vendors
from providers.vendors.azure import VENDOR
from providers.wires.azure.urls import DEPLOYMENTS, MODELS, V1, place

ROOT = "https://res.openai.azure.com"
DEPLOYED = f"{ROOT}/openai/deployments"
CHAT = "chat/completions"
CURRENT = "?api-version=2024-10-21"
KEY = {"api_key": Secret("k" * 32)}


def encoded(model: str = "gpt-4o", url: str = ROOT, asked: str = "", **params: Any) -> WireRequest:
    options = params.pop("options", {})
    recall = params.pop("recall", lambda _key: None)
    request = {"model": asked or model, "messages": [{"role": "user", "content": "x"}], **params}
    to = Destination(model, url, KEY, options=options, recall=recall)
    return VENDOR.encode(parse.chat(orjson.dumps(request)), to)


def body(wire: WireRequest) -> Json:
    found: Json = orjson.loads(wire.body)
    return found


def again(wire: WireRequest, message: str, **fields: Any) -> WireRequest | None:
    """The request made after an error of the model with this text."""
    assert wire.instead
    kind = fields.pop("kind", ErrorKind.INVALID_REQUEST)
    return wire.instead(ProviderError(kind, message, **fields))


@pytest.mark.parametrize(
    ("path", "surface", "url"),
    [
        ("", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}{CURRENT}"),
        ("//", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}{CURRENT}"),
        ("/openai", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}{CURRENT}"),
        ("/openai/deployments/", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}{CURRENT}"),
        ("/openai/models?api-version=2024-06-01", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}?api-version=2024-06-01"),
        ("/openai/responses?api-version=preview", DEPLOYMENTS, f"{DEPLOYED}/d%2F1/{CHAT}?api-version=preview"),
        ("/team/a", DEPLOYMENTS, f"{ROOT}/team/a/openai/deployments/d%2F1/{CHAT}{CURRENT}"),
        ("/openai/deployments/my%20dep", DEPLOYMENTS, f"{DEPLOYED}/my%20dep/{CHAT}{CURRENT}"),
        ("/deployments/e/embeddings?a=b&API-Version=2", DEPLOYMENTS, f"{ROOT}/deployments/e/{CHAT}?a=b&api-version=2"),
        ("/openai/v1/embeddings", V1, f"{ROOT}/openai/v1/{CHAT}"),
        ("/openai/v1?api-version=preview", V1, f"{ROOT}/openai/v1/{CHAT}?api-version=preview"),
        ("/openai/v1?api-version=2024-10-21", V1, f"{ROOT}/openai/v1/{CHAT}"),
        ("/api/projects/p/openai/v1/", V1, f"{ROOT}/api/projects/p/openai/v1/{CHAT}"),
        ("/models/", MODELS, f"{ROOT}/models/{CHAT}?api-version=2024-05-01-preview"),
        ("/models/chat/completions?api-version=1", MODELS, f"{ROOT}/models/{CHAT}?api-version=1"),
    ],
)  # fmt: skip
def test_addresses(path: str, surface: str, url: str) -> None:
    """Broken: a form of server_url leads to another endpoint than the one that is meant."""
    assert place(ROOT + path).surface == surface
    wire = encoded("d/1", ROOT + path)
    assert wire.url == url
    assert ("model" in body(wire)) is (surface != DEPLOYMENTS)


def test_configured_version() -> None:
    """Broken: the entry's api_version is not sent, or overrules the one in the address."""
    options = {"api_version": "2025-01-01-preview"}
    assert encoded(options=options).url.endswith("?api-version=2025-01-01-preview")
    assert encoded(url=f"{ROOT}?api-version=2024-02-01", options=options).url.endswith("?api-version=2024-02-01")
    assert "?" not in encoded(url=f"{ROOT}/openai/v1", options=options).url
    assert encoded(url=f"{ROOT}/openai/v1", options={"api_version": "latest"}).url.endswith("?api-version=latest")


def settings(credentials: Any = None, **entry: Any) -> Settings:
    key = {"api_key": "k"} if credentials is None else credentials
    written = {"models": ["m"], "server_url": ROOT, "credentials": key, "enabled": True, **entry}
    return loads(json.dumps({"services": {"azure": [written]}}), "c.json", {}, load_vendors())


@pytest.mark.parametrize(
    ("entry", "asked", "deployment", "noted"),
    [
        ({}, "m", "dep1", False),
        ({"model_map": {"m": "dep1"}}, "m", "dep1", False),
        ({"model_map": {"m": "dep2"}}, "m", "dep2", True),
        ({"model_redirect": {"alias": "m"}}, "alias", "m", True),
        ({"model_redirect": {"alias": "m"}}, "m", "dep1", False),
    ],
)
def test_deployment_of_the_address(entry: Json, asked: str, deployment: str, noted: bool) -> None:
    """Broken: a pasted deployment URL is not used, or wins over a name that the operator mapped."""
    url = f"{DEPLOYED}/dep1/{CHAT}?api-version=2024-02-01"
    to = build(settings(server_url=url, **entry), load_vendors()).chat[asked][0].to
    for client_name in (asked, "random"):
        request = parse.chat(orjson.dumps({"model": client_name, "messages": [{"role": "user", "content": "x"}]}))
        wire = VENDOR.encode(request, to)
        assert f"/deployments/{deployment}/" in wire.url
        notes = [delta.note for delta in wire.decode(iter([]))] if wire.decode else []
        assert notes == ([f"deployment {deployment} instead of dep1 in server_url"] if noted else [])


@pytest.mark.parametrize("service", ["azure", "openai"])
@pytest.mark.parametrize("host", ["a.openai.azure.com", "a.cognitiveservices.azure.com", "a.services.ai.azure.com"])
def test_hosts(service: str, host: str) -> None:
    """Broken: an Azure address under openai is spoken to as a third party's."""
    found = choose(load_vendors(), service, "", f"https://{host}/openai/v1", frozenset({"api_key"}))
    assert found
    assert found.name == "azure"


@pytest.mark.parametrize(
    ("model", "told", "limit", "kept"),
    [
        ("gpt-4o", None, "max_tokens", True),
        ("gpt-35-turbo", None, "max_tokens", True),
        ("o3-mini", None, "max_completion_tokens", False),
        ("our-GPT5-mini", None, "max_completion_tokens", False),
        ("gpt-54-mini", None, "max_completion_tokens", False),
        ("prod-o1", None, "max_completion_tokens", False),
        ("gpt-5-chat", None, "max_completion_tokens", True),
        ("foo1", None, "max_tokens", True),
        ("prod", {"prod": {"kind": "o"}}, "max_completion_tokens", False),
        ("prod", {"alias": True}, "max_completion_tokens", False),
        ("o1", {"o1": False}, "max_tokens", True),
    ],
)
def test_models_that_reason(model: str, told: Json | None, limit: str, kept: bool) -> None:
    """Broken: a reasoning deployment gets what it refuses, or another one loses what it takes."""
    options = {"reasoning_models": told} if told else {}
    sent = body(encoded(model, asked="alias", max_tokens=5, temperature=0.2, options=options))
    assert limit in sent
    assert ("temperature" in sent) is kept


def test_requested_name_tells_the_model() -> None:
    """Broken: the rules of models go by the deployment's name alone."""
    assert "temperature" not in body(encoded("prod", asked="gpt-5-mini", temperature=0.2))
    url = f"{DEPLOYED}/o3/{CHAT}"
    assert "temperature" not in body(encoded("m", url=url, temperature=0.2))


@pytest.mark.parametrize(
    ("model", "url", "version", "role"),
    [
        ("gpt-4o", ROOT, "2025-04-01-preview", "system"),
        ("o3", ROOT, "", "system"),
        ("o3", ROOT, "2024-12-01-preview", "developer"),
        ("o3", f"{ROOT}/openai/v1", "", "developer"),
        ("o3", f"{ROOT}/models", "", "system"),
    ],
)
def test_developer_role(model: str, url: str, version: str, role: str) -> None:
    """Broken: the role developer goes to who refuses it."""
    messages = [{"role": "developer", "content": "s"}, {"role": "user", "content": "x"}]
    sent = body(encoded(model, url, messages=messages, options={"api_version": version}))
    assert sent["messages"][0]["role"] == role


def test_history_is_clean() -> None:
    """Broken: fields of the gateway's own answers, sent back by the client, are refused as unknown."""
    turn = {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "reasoning_content": "r"}
    wire = encoded(messages=[turn, {"role": "user", "content": "x"}])
    assert body(wire)["messages"][0] == {"role": "assistant", "content": "a"}
    assert wire.changes == ()


@pytest.mark.parametrize(
    ("message", "fields", "gone"),
    [
        ("Unrecognized request argument supplied: user", {}, "user"),
        ("Unsupported parameter: 'user' is not supported with this model.", {}, "user"),
        ("no", {"code": "unsupported_value", "param": "stream_options.include_usage"}, "stream_options"),
        ("Unrecognized request argument supplied: tool_choice", {}, "tool_choice"),
        ("Unrecognized request arguments supplied: user, seed", {}, None),
        ("Unrecognized request argument supplied: user, seed", {}, None),
        ("Unrecognized request argument supplied: absent", {}, None),
        ("Unrecognized request argument supplied: tools", {}, None),
        ("Unrecognized request argument supplied: response_format", {}, None),
        ("no", {"code": "invalid_value", "param": "user"}, None),
        ("Unrecognized request argument supplied: user", {"kind": ErrorKind.SERVER_ERROR}, None),
    ],
)
def test_refused_arguments(message: str, fields: Json, gone: str | None) -> None:
    """Broken: a request is not made again without what was refused, or loses what changes its meaning."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    more = {"user": "u", "seed": 1, "stream": True, "stream_options": {"include_usage": True}}
    wire = encoded(tools=tools, tool_choice="auto", response_format={"type": "json_object"}, **more)
    other = again(wire, message, **fields)
    if gone is None:
        assert other is None
        return
    assert other
    assert body(wire).keys() - body(other).keys() == {gone}
    assert other.changes == (f"dropped {gone}",)
    assert again(other, message, **fields) is None
    assert other.memo
    ((key, note),) = other.memo.items()
    remembered = encoded(recall=lambda asked: note if asked == key else None, **{**more, "tools": tools})
    assert gone not in body(remembered)


def test_refused_value_is_not_the_argument() -> None:
    """Broken: one client asks for an effort that the model lacks, and all others lose theirs for hours."""
    refused = (
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are:"
        " 'low', 'medium', and 'high'."
    )
    other = again(encoded("o3", reasoning_effort="minimal"), refused, code="unsupported_value")
    assert other
    assert other.changes == ("dropped reasoning_effort",)
    later = encoded("o3", reasoning_effort="high", recall=(other.memo or {}).get)
    assert (body(later)["reasoning_effort"], later.changes) == ("high", ())


def test_limit_gets_its_other_name() -> None:
    """Broken: a limit of the answer's length is lost where it only has another name, or changes names for ever."""
    refused = "Unsupported parameter: 'max_tokens' is not supported with this model."
    first = again(encoded("prod", max_tokens=5), refused)
    assert first
    assert (body(first)["max_completion_tokens"], first.changes) == (5, ())
    second = again(first, "Unrecognized request argument supplied: max_completion_tokens")
    assert second
    assert body(second).keys() == {"messages"}
    assert second.changes == ("dropped max_tokens",)
    assert again(second, refused) is None
    old = again(encoded("gpt-5", max_tokens=5), "Unrecognized request argument supplied: max_completion_tokens")
    assert old
    assert body(old)["max_tokens"] == 5


def test_forced_call_is_never_dropped() -> None:
    """Broken: who demands a tool call gets an answer without one."""
    asked = {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"}
    assert again(encoded(**asked), "Unrecognized request argument supplied: tool_choice") is None


def test_names_without_dots() -> None:
    """Broken: dots are taken from a name that the operator chose, or taken before there is a reason."""
    missing = {"kind": ErrorKind.UPSTREAM_AUTH, "code": "model_not_found"}
    wire = encoded("gpt-3.5-turbo")
    assert "/gpt-3.5-turbo/" in wire.url
    other = again(wire, "", **missing)
    assert other
    assert "/gpt-35-turbo/" in other.url
    assert again(other, "", **missing) is None
    third = again(other, "Unrecognized request argument supplied: user")
    assert third is None
    (key,) = other.memo or {}
    seen = encoded("gpt-3.5-turbo", recall=(other.memo or {}).get)
    assert (key, seen.url) == (wire.url, other.url)
    assert again(encoded("dep.1", asked="alias"), "", **missing) is None
    assert again(encoded("gpt-4o"), "", **missing) is None

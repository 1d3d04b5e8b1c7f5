"""A small DashScope and one gateway with an entry for each of its surfaces, for all tests of the files that name it."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.fakevendor.dashscope import APP, KEY, WORKSPACE, DashScope, running
from tests.fakevendor.dashscope_rules import HOMES

WRONG = "sk-wrong-dashscope-key"


@pytest.fixture(scope="module")
def _dashscope() -> Iterator[DashScope]:
    with running() as started:
        yield started


@pytest.fixture
def dashscope(_dashscope: DashScope) -> DashScope:
    """The fake as if it had just been started."""
    _dashscope.seen.clear()
    _dashscope.faults.clear()
    return _dashscope


@pytest.fixture(scope="module")
def dashscope_client(_dashscope: DashScope, lasting_gateway: Any) -> Iterator[openai.OpenAI]:
    """The official client of the gateway."""
    key = {"api_key": KEY}

    def entry(path: str, models: dict[str, str], **fields: Any) -> dict[str, Any]:
        told = {"models": [*models], "model_map": models, "server_url": _dashscope.url + path, "credentials": key}
        return {**told, **fields}

    app = {"has_thoughts": True, "credentials": {**key, "workspace": WORKSPACE}}
    native = {name: name for name in (*HOMES, "nowhere")}
    embedding_models = ["text-embedding-v4", "text-embedding-v2"]
    several = {"credentials": {}, "credential_list": [{"api_key": WRONG}, key]}
    services = {
        "dashscope": [
            entry("", native, embedding_models=embedding_models),
            entry("/api/v1", {"wrong-key": "qwen-plus"}, credentials={"api_key": WRONG}),
            entry("/compatible-mode/v1", {"compatible": "qwen-plus", "compatible-muse": "qwen9-muse"}),
            entry("/apps/anthropic", {"messages": "qwen-plus"}),
        ],
        "aliyun": [entry("/api/v1", {"several": "qwen-plus"}, **several)],
        "bailian": [
            entry("", {"helper": APP}, **app),
            entry("/api/v1/apps/YOUR_APP_ID/completion", {"flow": APP}, flow_stream_mode="message_format"),
        ],
    }
    # The tests fail on purpose and share the gateway: no target may be left alone because of that.
    failover = {"rest_keys": False, "same_target_retry": False}
    patient = {"circuit_breaker": {"enabled": False}, "failover": failover}
    config = {"services": services, "load_balancing": "first", **patient}
    with lasting_gateway(config).sdk(timeout=30) as sdk:
        yield sdk

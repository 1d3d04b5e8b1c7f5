"""A gateway in front of a small Qianfan, with an entry for each protocol and kind of credential, and for wrong ones.

A plugin of the tests that name it, so that nobody else imports it.
"""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.e2e.answers import UNSHAKEN
from tests.e2e.conftest import StartGateway
from tests.e2e.qianfan import OWNERS, V1, V1_IAM, V2, V2_IAM, WRONG
from tests.fakevendor.qianfan import Qianfan, running
from tests.fakevendor.qianfan_state import V2_KEY, iam_pair, pair


@pytest.fixture(scope="session")
def qianfan() -> Iterator[Qianfan]:
    """The fake vendor; nothing it refused in a body may have been meant to be taken."""
    with running() as started:
        yield started
    assert not started.faults


@pytest.fixture(scope="session")
def sdk(qianfan: Qianfan, lasting_gateway: StartGateway) -> Iterator[openai.OpenAI]:
    """A client of that gateway."""
    entries: list[dict[str, Any]] = [
        {
            "models": [V1, "ERNIE-4.0-8K", "yi_34b_chat", "mine"],
            "embedding_models": ["Embedding-V1"],
            "credentials": {**pair("main"), "addresss": "own_model_1"},
        },
        {"models": [V1_IAM], "embedding_models": ["bge-large-zh"], "credentials": iam_pair("main")},
        {
            "models": [V2],
            "embedding_models": ["embedding-v1"],
            "credentials": {"api_key": V2_KEY, "appid": "app-1"},
            "v2": True,
        },
        {"models": [V2_IAM], "credentials": iam_pair("bearer"), "v2": True},
        *({"models": [name], "credentials": pair(name)} for name in OWNERS),
        {"models": ["v2-revoked"], "credentials": iam_pair("revoked"), "v2": True},
        *({"models": [name], "credentials": wrong, "v2": v2} for name, (v2, wrong, _) in WRONG.items()),
    ]
    services = {"qianfan": [_entry(qianfan.url, **entry) for entry in entries]}
    with lasting_gateway({"services": services, **UNSHAKEN}).sdk() as client:
        yield client


def _entry(url: str, *, v2: bool = False, **fields: Any) -> dict[str, Any]:
    """An entry; names of tests' own mean one model of the protocol."""
    known = ("ERNIE-4.0-8K", "ERNIE-Speed-8K", "yi_34b_chat", "mine", V2)
    names = {name: V2 if v2 else "ERNIE-4.0-8K" for name in fields["models"] if name not in known}
    address = "/v2" if v2 else "/rpc/2.0/ai_custom/v1/wenxinworkshop"
    return {**fields, "server_url": url + address, "auth_url": url, "model_map": names}

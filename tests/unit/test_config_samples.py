"""The published samples load with the vendors of this version, and so do the forms that existing users' files have."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.load import load, loads
from config.reference import SECTIONS
from providers.vendor import load_vendors

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
SERVICES = (
    "openai",
    "azure",
    "deepseek",
    "zhipu",
    "groq",
    "ollama",
    "gemini",
    "claude",
    "qianfan",
    "hunyuan",
    "xinghuo",
    "minimax",
    "huoshan",
    "huoshanbot",
    "cozecn",
    "cozecom",
    "dashscope",
    "bailian",
    "aliyun",
    "dify",
    "vertexai",
    "agentbuilder",
)
VENDORS = load_vendors()


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_sample(path: Path) -> None:
    """A sample does not load, offers nothing, or holds something without effect."""
    found = load(path, {}, VENDORS)
    assert any(upstream.enabled for upstream in found.upstreams)
    assert all(upstream.models and upstream.credentials for upstream in found.upstreams)
    # The file that the sample for service accounts names is its operator's own.
    assert [note for note in found.notes if "service-account.json cannot be read" not in note] == []


@pytest.mark.parametrize("service", SERVICES)
def test_sample_of_each_service(service: str) -> None:
    """A service of existing files has no sample that uses it."""
    assert service in json.loads((SAMPLES / f"{service}.json").read_text(encoding="utf-8"))["services"]


def test_full_sample_is_full() -> None:
    """A setting is missing from the sample that claims to have all."""
    text = (SAMPLES / "full.yaml").read_text(encoding="utf-8")
    for title, schema in SECTIONS:
        for name, field in schema().fields.items():
            names = (name, *field.metadata.get("aliases", ()))
            assert "idle" in field.metadata or any(f"{each}:" in text for each in names), f"{title}: {name}"


@pytest.mark.parametrize(
    ("host", "vendor"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.deepseek.com/v1/chat/completions", "deepseek"),
        ("https://api.cloudflare.com/client/v4/accounts/xxx/ai/v1/chat/completions", "cloudflare"),
        ("https://open.bigmodel.cn/api/paas/v4/chat/completions", "zhipu"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.lingyiwanwu.com/v1/chat/completions", "lingyiwanwu"),
        ("https://api.siliconflow.cn/v1/chat/completions", "siliconflow"),
        ("https://api.moonshot.cn/v1", "moonshot"),
        ("https://api.atomecho.cn/v1", "llamafamily"),
    ],
)
def test_hosts_under_openai(host: str, vendor: str) -> None:
    """A vendor that users put under openai is spoken to by the wrong rules."""
    entry = {"enabled": True, "models": ["m"], "credentials": {"api_key": "xxx"}, "server_url": host}
    assert (
        loads(json.dumps({"services": {"openai": [entry]}}), environ={}, vendors=VENDORS).upstreams[0].vendor == vendor
    )


POOL = {
    "id": "local-pool",
    "provider": "openai",
    "upstream_protocol": "responses",
    "enabled": True,
    "models": ["your-model"],
    "server_url": "https://api.example.com/v1",
    "credential_list": [
        {
            "id": "key-1",
            "name": "Key 1",
            "enabled": True,
            "api_key": "your-upstream-key",
            "model_limits": {"your-model": {"tpm": 1000000, "concurrency": 2}},
        }
    ],
}
MINIMAX = {
    "models": ["abab6-chat"],
    "enabled": True,
    "credentials": {"group_id": "1782658868262748467", "api_key": "xxx"},
    "server_url": "https://api.minimax.chat/v1/text/chatcompletion_pro",
}
REDIRECTED = {
    "models": ["deepseek-ai/deepseek-v2-chat"],
    "enabled": True,
    "credentials": {"api_key": "xxx"},
    "model_redirect": {"deepseek-v2-chat": "deepseek-ai/deepseek-v2-chat"},
    "server_url": "https://api.siliconflow.cn/v1/chat/completions",
}
EXPORTED = {
    "provider": "",
    "embedding_models": None,
    "embedding_limit": {"qps": 0, "qpm": 0, "rpm": 0, "concurrency": 0, "timeout": 0},
    "models": ["glm-4"],
    "enabled": True,
    "credentials": {"api_key": "xxx"},
    "credential_list": None,
    "server_url": "",
    "model_map": None,
    "model_redirect": None,
    "limit": {"qps": 2, "qpm": 0, "rpm": 0, "concurrency": 0, "timeout": 10},
    "timeout": 0,
}


@pytest.mark.parametrize(
    "document",
    [
        {"server_port": ":19090", "log_level": "info", "enable_web": True, "services": {}},
        {"statistics": {"enabled": True, "retention_days": 30}, "services": {}},
        {"load_balancing": "round_robin", "services": {"openai": [POOL]}},
        {"services": {"openai": [{**POOL, "credential_list": [{"id": 1, "name": None, "api_key": "xxx"}]}]}},
        {"services": {"minimax": [MINIMAX]}},
        {"services": {"openai": [REDIRECTED]}},
        {"api_key": "123456", "log_level": "dev", "services": {"zhipu": [EXPORTED]}},
        {
            "services": {
                "xinghuo": [{"models": [], "enabled": True, "credentials": {"api_key": "x", "api_secret": "y"}}]
            }
        },
        {
            "services": {
                "ollama": [{"models": ["llama2"], "enabled": True, "server_url": "http://127.0.0.1:11434/api/chat"}]
            }
        },
        {"proxy": {"http_proxy": "http://127.0.0.1:7890", "https_proxy": "http://127.0.0.1:7890"}, "services": {}},
        {"model_redirect": {"all": "all"}, "multi_content_models": ["glm-4v"], "services": {"zhipu": [EXPORTED]}},
    ],
)
def test_forms_of_existing_files(document: dict[str, Any]) -> None:
    """A file that the Go program accepted is refused."""
    assert loads(json.dumps(document), environ={}, vendors=VENDORS)


def test_default_models() -> None:
    """A name that old files leave to the default list is no longer offered."""
    old = {
        "qianfan": "yi_34b_chat ERNIE-Speed-8K ERNIE-Speed-128K ERNIE-Lite-8K ERNIE-Lite-8K-0922 ERNIE-Tiny-8K",
        "hunyuan": "hunyuan-lite hunyuan-standard hunyuan-standard-256K hunyuan-pro",
        "xinghuo": "spark-lite spark-v2.0 spark-pro spark-max",
        "deepseek": "deepseek-chat deepseek-coder",
        "zhipu": "glm-3-turbo glm-4-0520 glm-4 glm-4-air glm-4-airx glm-4-flash glm-4v",
        "minimax": "abab6.5 abab6.5s abab6.5t abab6.5g abab5.5s",
        "huoshan": "Doubao-pro-4k Doubao-pro-32k Doubao-pro-128k Doubao-lite-4k Doubao-lite-32k Doubao-lite-128k",
        "gemini": "gemini-1.5-pro gemini-1.5-flash gemini-1.0-pro gemini-pro-vision",
        "groq": "llama3-70b-8192 llama3-8b-8192 gemma-7b-it mixtral-8x7b-32768",
    }
    for service, models in old.items():
        sample = json.loads((SAMPLES / f"{service}.json").read_text(encoding="utf-8"))
        for entry in sample["services"][service]:
            entry["models"] = []
        first = loads(json.dumps(sample), environ={}, vendors=VENDORS).upstreams[0]
        assert set(models.split()) <= set(first.models), service

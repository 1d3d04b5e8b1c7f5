"""The one gateway that all tests use which need no config of their own: every fault of the fake vendor as a model."""

from typing import Any, Final

from tests.fakevendor.catalogue import FAULTS
from tests.fakevendor.control import FakeVendor

MASTER: Final = "gw-master-key-7e2b90"
FRIEND: Final = "gw-friend-key-41c3d8"
FRIENDS_MODELS: Final = ("ok", "org/family/large", "embed-ok")
IMPATIENT_S: Final = 0.6

VARIANTS: Final = (
    "ok?framing=close",
    "ok?framing=length",
    "ok?framing=chunked",
    "ok?delay=1",
    "ok?delay=4",
    "ok?gap=0.15",
    "fault:close-mid-event?framing=close",
    "fault:close-after-event?framing=close",
    "fault:no-terminal?framing=close",
    "fault:finish-no-done?framing=chunked",
    "fault:error-mid?done=1",
    "fault:error-mid?shape=string",
    "fault:status-429?retry_after=7",
    "fault:status-429?code=insufficient_quota&type=insufficient_quota",
    "fault:status-503?retry_after=2",
    "fault:status-500?shape=html",
    "fault:status-500?shape=empty",
    "fault:status-500?shape=string",
    "fault:status-400?shape=flat",
    "fault:status-400?code=context_length_exceeded",
    "fault:status-400?code=unsupported_value",
)
SCRIPTS: Final = ("script-a", "script-b", "script-c")


def shared_config(vendor: FakeVendor, refusing_port: int, deaf_port: int, mute_port: int) -> dict[str, Any]:
    """Two entries for the fake vendor, one of them impatient, and entries for addresses where nobody answers.

    The breaker is off, since tests fail on purpose and share the gateway.
    """
    stalls = [f"fault:{name}" for name in FAULTS if name.startswith("stall")]
    others = [f"fault:{name}" for name in FAULTS if not name.startswith("stall")]
    patient = ["ok", *others, *VARIANTS, *SCRIPTS, "org/family/large", "unknown-up-there"]
    impatient = {"timeout": IMPATIENT_S, "first_event_timeout": IMPATIENT_S, "connect_timeout": IMPATIENT_S}
    dead = {"refused": refusing_port, "deaf": deaf_port, "mute": mute_port}
    return {
        "api_key": MASTER,
        "api_keys": [{"api_key": FRIEND, "supported_models": {"some": list(FRIENDS_MODELS)}}],
        "max_body_mb": 1,
        "circuit_breaker": {"enabled": False},
        "failover": {"same_target_retry": False},
        "model_redirect": {"everyday": "ok"},
        "services": {
            "openai": [
                {
                    **_entry("patient", vendor.url, patient),
                    "timeout": 5,
                    "first_event_timeout": 5,
                    "model_map": {"org/family/large": "ok", "embed-ok": "ok"},
                    "model_redirect": {"nickname": "ok"},
                    "embedding_models": ["embed-ok", "fault:status-429", "fault:status-401", "fault:html-200"],
                },
                {**_entry("impatient", vendor.url, stalls), **impatient},
                {
                    **_entry("wrong-key", vendor.url, ["wrong-key"], key="bad-key-canary-3f"),
                    "model_map": _ok("wrong-key"),
                },
                *({**_entry(name, f"http://127.0.0.1:{port}/v1", [name]), **impatient} for name, port in dead.items()),
            ]
        },
    }


def _ok(name: str) -> dict[str, str]:
    return {name: "ok"}


def _entry(name: str, url: str, models: list[str], key: str = "good-key-canary-9a") -> dict[str, Any]:
    return {"id": name, "server_url": url, "models": models, "credentials": {"api_key": key}}

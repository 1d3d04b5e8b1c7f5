"""What ``docs/openapi.yaml`` promises, through gunicorn and in front of a vendor: ``make fuzz``."""

from typing import Any

import pytest

from tests.e2e.conftest import StartGateway
from tests.fakevendor.control import FakeVendor
from tests.fuzz import surface
from tests.fuzz.sizes import Size

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def test_calls_through_real_sockets(gateway: StartGateway, vendor: FakeVendor) -> None:
    """Broken: what only a server can get wrong, such as odd headers, ends as a 500, in silence, or with a traceback."""
    schemathesis = pytest.importorskip("schemathesis", reason="it needs Python 3.11")
    from schemathesis.generation import GenerationMode  # noqa: PLC0415 - it may be missing

    entry = {
        "server_url": vendor.url,
        "models": ["ok"],
        "embedding_models": ["ok"],
        "credentials": {"api_key": "good-key-surface"},
    }
    asked = {"api_key": surface.KEY, "model_redirect": {"all": "ok"}, "translation": {"enable": True}}
    url = gateway({**asked, "services": {"openai": [entry]}}).url

    def served(case: Any) -> None:
        surface.check(case, base_url=url, timeout=20)

    for found in schemathesis.openapi.from_dict(surface.description()).get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            if operation.path not in ("/", "/healthz"):
                Size(100, long=True).check(served, operation.as_strategy(generation_mode=mode))

"""Gateways for end-to-end tests: one that is shared, and as many others as a test starts.

Everything is made for one test process: ports are free ones and files lie in temporary folders, so that several
processes can run side by side.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import openai
import pytest

from tests.e2e import process
from tests.e2e.process import Gateway
from tests.e2e.shared import MASTER, shared_config
from tests.fakevendor import deadends
from tests.fakevendor.control import FakeVendor

StartGateway = Callable[..., Gateway]


@pytest.fixture(scope="session")
def _ending() -> Iterator[list[Gateway]]:
    """Gateways that were told to stop: their ends are awaited together, when all tests are over."""
    gateways: list[Gateway] = []
    yield gateways
    for gateway in gateways:
        gateway.check_end()


@pytest.fixture(scope="session")
def lasting_gateway(tmp_path_factory: pytest.TempPathFactory, _ending: list[Gateway]) -> Iterator[StartGateway]:
    """The same as ``gateway`` for fixtures of a module: it ends with the session."""
    with _started_in(tmp_path_factory, _ending) as begin:
        yield begin


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory, _ending: list[Gateway]) -> Iterator[StartGateway]:
    """``gateway(config, environ=…, workers=…)`` starts one that ends with the test; see ``process.start``."""
    with _started_in(tmp_path_factory, _ending) as begin:
        yield begin


@contextmanager
def _started_in(folders: pytest.TempPathFactory, ending: list[Gateway]) -> Iterator[StartGateway]:
    begun: list[Gateway] = []

    def begin(config: Mapping[str, Any], **options: Any) -> Gateway:
        begun.append(process.start(config, folders.mktemp("gateway"), **options))
        return begun[-1]

    try:
        yield begin
    finally:
        for started in begun:
            if started.process.poll() is None:
                started.stop()
        ending.extend(begun)


@pytest.fixture(scope="session")
def shared(vendor: FakeVendor, lasting_gateway: StartGateway) -> Iterator[Gateway]:
    """The gateway of ``shared.py``. Its models are the fake vendor's; ask it with the key MASTER."""
    with ExitStack() as stack:
        dead = (deadends.refusing, deadends.never_connecting, deadends.never_speaking)
        yield lasting_gateway(shared_config(vendor, *(stack.enter_context(dead_end()) for dead_end in dead)))


@pytest.fixture(scope="session")
def client(shared: Gateway) -> Iterator[openai.OpenAI]:
    """The official client in front of the shared gateway."""
    with shared.sdk(MASTER) as sdk:
        yield sdk

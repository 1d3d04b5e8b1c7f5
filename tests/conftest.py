"""Fixtures that more than one kind of test needs."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.schemas import Judge
from tests.fakevendor.control import FakeVendor, running

# Many processes start here, and each would compile the gateway anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(autouse=True)
def _heard() -> None:
    """What the gateway logs reaches ``caplog``, also after a test that set logging up as the service does."""
    logging.getLogger("simple_one_api").propagate = True


@pytest.fixture(autouse=True, scope="session")
def _state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the gateway keeps over restarts goes to a folder of the test's."""
    os.environ["SIMPLE_ONE_API_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def vendor() -> Iterator[FakeVendor]:
    """One fake vendor for this test process; tests tell their requests apart by model name and ``mark``."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def openapi_path() -> Path:
    """OpenAI's own description of its API; tests that need it are skipped where it is not at hand."""
    path = Path(os.environ.get("OPENAI_OPENAPI", Path(__file__).parents[2] / "shared" / "openai-openapi.yaml"))
    if not path.is_file():
        pytest.skip("no openai-openapi.yaml (see OPENAI_OPENAPI)")
    return path


@pytest.fixture(scope="session")
def judge(request: pytest.FixtureRequest) -> Judge:
    """OpenAI's schemas; a judge that lets everything pass where they are not at hand."""
    try:
        return Judge(request.getfixturevalue("openapi_path"))
    except pytest.skip.Exception:
        return Judge(None)

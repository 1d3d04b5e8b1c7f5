"""What all properties share."""

import pytest

from tests.fuzz.sizes import keep_files_in


@pytest.fixture(autouse=True, scope="session")
def _no_files_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    keep_files_in(str(tmp_path_factory.mktemp("hypothesis")))

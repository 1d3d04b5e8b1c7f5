"""Keys to callers."""

import pytest
from werkzeug.datastructures import Headers

from app.errors import ApiError
from app.identity import Callers
from config.model import CallerKey
from providers.types import Secret

CALLERS = Callers.of(
    (CallerKey(Secret("master-key"), "master"), CallerKey(Secret("small-key"), "key-1", frozenset({"m"})))
)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer small-key"},
        {"Authorization": "bearer   small-key "},
        {"X-Api-Key": "small-key"},
        {"Authorization": "Basic abc", "X-Api-Key": "small-key"},
    ],
)
def test_known_key(headers: dict[str, str]) -> None:
    """Broken: a good key in one of its places is not seen."""
    caller = CALLERS.identify(Headers(headers))
    assert caller.label == "key-1"
    assert caller.may_use("m")
    assert not caller.may_use("x")


@pytest.mark.parametrize("sent", ["schlüssel".encode(), "schlüssel".encode("latin-1")])
def test_key_of_other_letters(sent: bytes) -> None:
    """Broken: a key that is not ASCII, as curl sends it, is refused."""
    callers = Callers.of((CallerKey(Secret("schlüssel"), "master"),))
    assert callers.identify(Headers({"Authorization": "Bearer " + sent.decode("latin-1")})).label == "master"


def test_master_key_may_use_everything() -> None:
    """Broken: the master key is limited."""
    assert CALLERS.identify(Headers({"X-Api-Key": "master-key"})).may_use("anything")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer master-ke"}])
def test_unknown_key(headers: dict[str, str]) -> None:
    """Broken: a wrong key is let in, or is repeated in the answer."""
    with pytest.raises(ApiError) as caught:
        CALLERS.identify(Headers(headers))
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert "master-ke" not in caught.value.message


def test_open_gateway() -> None:
    """Broken: a gateway without keys asks for one."""
    assert Callers.of(()).identify(Headers()).may_use("m")

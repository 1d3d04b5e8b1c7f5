"""Every vendor's recorded errors, and what each makes of the credential that met it."""

import re
from typing import Any

import orjson
import pytest

from app.keys import Key, Keys
from app.keystate import ALL_MODELS, RULES
from providers.errors import ErrorKind
from tests.test_conformance import failure
from tests.vectorfile import Case, cases

NOW = 1_767_225_600.0
KEY = Key("id", "label")
OF_MODEL = re.compile(rb'"code":"?(11200|4200)\b')
"""Spark: this version is not opened; Coze: this bot is not the token's."""


def expected_kind(told: dict[str, Any], elsewhere: bool) -> ErrorKind | None:
    """The reason to leave the credential alone, as far as a client's error tells it; None for none."""
    if told["code"] == "insufficient_quota":
        return ErrorKind.QUOTA
    if told["status"] == 429:
        return ErrorKind.RATE_LIMITED
    if elsewhere and (told["status"] in (401, 403) or told["code"] in ("upstream_auth", "model_not_found")):
        return ErrorKind.UPSTREAM_AUTH
    return None


@pytest.mark.parametrize("case", cases("errors"))
def test_rest_after_an_error(case: Case) -> None:
    """A spent key is asked on and on, a good one is left alone, or for longer or shorter than the vendor says."""
    told, elsewhere = case.body["vendor"], case.body["retry_other_credential"]
    error = failure(case, told["status"], told.get("headers", {}), told["body"])
    keys = Keys(clock=lambda: NOW)
    keys.refused(KEY, "m", error)
    expected = expected_kind(case.body["openai"], elsewhere)
    if expected is None:
        assert not keys.entries
        return
    ((_, model),), (entry,) = keys.entries.keys(), keys.entries.values()
    assert entry.rest.kind is expected
    # A model that is not open to this credential says nothing of its other models.
    of_model = case.body["openai"]["code"] == "model_not_found" or bool(OF_MODEL.search(orjson.dumps(told["body"])))
    of_all = expected is ErrorKind.UPSTREAM_AUTH and not of_model
    assert model == (ALL_MODELS if of_all else "m")
    wanted_s = RULES[expected].first_s if error.retry_after_s is None else error.retry_after_s
    assert entry.rest.until - NOW == pytest.approx(min(wanted_s, 86400), abs=1e-3)


@pytest.mark.parametrize("case", cases("errors"))
def test_a_wait_that_headers_tell(case: Case) -> None:
    """A vendor that says in its headers when to come back is asked earlier, because its body has a code of its own."""
    told = case.body["vendor"]
    error = failure(case, max(429, told["status"]), {"retry-after": "7", **told.get("headers", {})}, told["body"])
    assert error.kind is not ErrorKind.RATE_LIMITED or error.retry_after_s is not None

"""The HTTP surface keeps what ``docs/openapi.yaml`` promises: good calls are answered, bad ones refused, none fails."""

import logging
from typing import Any, Final

import pytest
from flask import Flask

from app.fields import FIELDS
from tests.fuzz import surface
from tests.fuzz.sizes import Size, sized

schemathesis = pytest.importorskip("schemathesis", reason="it needs Python 3.11")

UNTOLD: Final = {"HEAD", "OPTIONS"}
"""Methods that every address has; the description says so once."""

ALIASES: Final = {
    "chat.chat_completions": "/v1/chat/completions",
    "embeddings.create_embeddings": "/v1/embeddings",
    "models.list_models": "/v1/models",
    "models.get_model": "/v1/models/{name}",
    "translate.translate_one": "/v1/translate",
    "translate.translate_several": "/v2/translate",
    "ops.healthz": "/healthz",
    "ops.home": "/",
}
"""What the application does, and the first of the addresses at which it does so."""

PATH_NAMES: Final = {"<path:name>": "{name}"}


def routes(app: Flask) -> dict[tuple[str, str], str]:
    """Every address of the application in the description's own words, with its methods, and what it does there."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for ours, theirs in PATH_NAMES.items():
            path = path.replace(ours, theirs)
        found |= {(path, method): rule.endpoint for method in (rule.methods or set()) - UNTOLD}
    return found


def test_every_address_is_described() -> None:
    """Broken: the description leaves an address out, describes one that is not there, or two that are one otherwise."""
    paths, known = surface.description()["paths"], routes(surface.answering())
    verbs = {"get", "post", "put", "patch", "delete"}
    assert {(path, verb.upper()) for path, item in paths.items() for verb in item if verb in verbs} == known.keys()
    for (path, _), endpoint in known.items():
        assert paths[path] == paths[ALIASES[endpoint]], path


def test_every_field_that_is_judged_is_described() -> None:
    """Broken: the gateway refuses a request for a field of which its description says nothing."""
    described = surface.description()["components"]["schemas"]["ChatRequest"]["properties"]
    assert described.keys() == {"model", "messages", *FIELDS}


@pytest.fixture
def operations(size: Size) -> list[Any]:
    """The operations of the description, called in this process. Few examples are not spent on other addresses."""
    schema = schemathesis.openapi.from_dict(surface.description())
    schema.app = surface.answering()
    logging.getLogger("simple_one_api").setLevel("ERROR")
    every = [operation.ok() for operation in schema.get_all_operations()]
    return every if size.long else [first for first in every if first.path in ALIASES.values()]


@sized(60, 4_000)
def test_good_calls_are_answered(size: Size, operations: list[Any]) -> None:
    """Broken: a call that the description allows is refused, or answered in another form than it says."""
    each = Size(size.examples // len(operations), size.long)
    for operation in operations:

        def answered(case: Any) -> None:
            surface.check(case)

        each.check(answered, operation.as_strategy())


@sized(60, 4_000)
def test_bad_calls_are_refused(size: Size, operations: list[Any]) -> None:
    """Broken: a call that the description forbids is carried out, or fails as a 500."""
    from schemathesis.generation import GenerationMode  # noqa: PLC0415 - it may be missing

    spoilable = [operation for operation in operations if operation.path not in ("/", "/healthz")]
    each = Size(size.examples // len(spoilable), size.long)
    for operation in spoilable:

        def refused(case: Any) -> None:
            surface.check(case)

        each.check(refused, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

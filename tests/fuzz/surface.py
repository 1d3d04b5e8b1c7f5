"""The gateway as its own OpenAPI description has it, over a toy vendor that answers everything."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from flask import Flask
from jsonschema import Draft202012Validator

from app.factory import create_app
from app.runtime import Holder
from config.model import CallerKey, Translation
from providers.types import Secret, WireRequest
from tests.unit.toy import good, runtime, upstream, wired

DESCRIPTION: Final = Path(__file__).parents[2] / "docs" / "openapi.yaml"
KEY: Final = "surface-key-51f0"
AUTH: Final = {"Authorization": f"Bearer {KEY}"}


def description() -> dict[str, Any]:
    """``docs/openapi.yaml``."""
    document: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_bytes())
    return document


def answering() -> Flask:
    """The application, whose one model stands for any. It asks for KEY."""
    made = runtime(
        upstream("a", models=("m",), embedding_models=("m",)),
        model_redirect={"all": "m"},
        translation=Translation(enable=True),
        caller_keys=(CallerKey(Secret(KEY), "key"),),
    )
    made, _ = wired(made, a=_answer)
    return create_app(Holder(made))


def _answer(wire: WireRequest) -> tuple[int, Iterator[bytes]]:
    """A vector for each input, or a greeting."""
    asked = orjson.loads(wire.body)
    return (200, iter([orjson.dumps([[0.5, -1] for _ in asked])])) if isinstance(asked, list) else good(wire)


def written(value: Any) -> Any:
    """``value`` with whole numbers written as such: JSON Schema knows no difference between 5 and 5.0, we do."""
    if isinstance(value, dict):
        return {name: written(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [written(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**64 else value


def check(case: Any, **where: Any) -> None:
    """Fail unless the answer has a status, a type, headers and a shape that are described, and fits its request."""
    from schemathesis.specs.openapi.checks import negative_data_rejection  # noqa: PLC0415 - it may be missing

    case.body = written(case.body)
    # What was spoilt on purpose may have become good in another way, and then has to be answered.
    excluded = [negative_data_rejection] if case.media_type and _is_good(case.path, case.body) else []
    case.call_and_validate(headers=AUTH, excluded_checks=excluded, **where)


def _is_good(path: str, body: Any) -> bool:
    """Whether a body is one that the description allows at an address."""
    return bool(_validator(path).is_valid(body))


@cache
def _validator(path: str) -> Draft202012Validator:
    document = description()
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})

"""OpenAI's own description of its API as a judge of what the gateway answers."""

from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator

CHUNK: Final = "CreateChatCompletionStreamResponse"
COMPLETION: Final = "CreateChatCompletionResponse"
EMBEDDINGS: Final = "CreateEmbeddingResponse"
MODELS: Final = "ListModelsResponse"
MODEL: Final = "Model"
ERROR: Final = "ErrorResponse"


class Judge:
    """Checks documents by the name of their schema. Without the description everything passes."""

    def __init__(self, path: Path | None) -> None:
        loaded = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) if path else {}
        self._schemas = _nullable(loaded["components"]["schemas"]) if loaded else None
        self._validators: dict[str, Draft202012Validator] = {}

    @property
    def ready(self) -> bool:
        """Whether there is anything to judge by."""
        return self._schemas is not None

    def check(self, name: str, document: Any) -> None:
        """Raise AssertionError with all that is wrong about ``document``."""
        if self._schemas is None:
            return
        if name not in self._validators:
            schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self._schemas}}
            self._validators[name] = Draft202012Validator(schema)
        faults = [f"{error.json_path}: {error.message[:300]}" for error in self._validators[name].iter_errors(document)]
        assert not faults, f"{name}: {faults} in {document}"


def _nullable(schema: Any) -> Any:
    """The schema with OpenAPI 3.0's ``nullable``, which the file still uses, in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    read = {name: _nullable(value) for name, value in schema.items()}
    if read.get("nullable") is True:
        return {"anyOf": [{key: value for key, value in read.items() if key != "nullable"}, {"type": "null"}]}
    return read

"""Embeddings: vectors as floats or, as OpenAI's own client asks by default, as base64 of little-endian float32."""

import base64
import struct
from typing import Any

import orjson
from flask import Blueprint, Response, g

from app import gateway, parse, routing
from app.api.body import read_body
from app.api.headers import reply_headers
from app.call import Call

blueprint = Blueprint("embeddings", __name__)


@blueprint.post("/embeddings")
@blueprint.post("/v1/embeddings")
@blueprint.post("/v1/v1/embeddings")
def create_embeddings() -> Response:
    """One vector per input. Vendors are asked for floats; the encoding is done here."""
    asked = parse.embeddings(read_body())
    call: Call = g.call
    call.trace.model = asked.model
    reply = gateway.embed(asked, routing.embedding_route(asked.model, call.caller, call.runtime), call)
    as_base64 = asked.params.get("encoding_format") == "base64"
    document = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if as_base64 else vector}
            for index, vector in enumerate(reply.vectors)
        ],
        "model": asked.model,
        "usage": {"prompt_tokens": reply.usage.prompt_tokens, "total_tokens": reply.usage.prompt_tokens},
    }
    return Response(orjson.dumps(document), headers=reply_headers(call.trace), mimetype="application/json")


def _packed(vector: list[float]) -> Any:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

"""The models a caller may use."""

import orjson
from flask import Blueprint, Response, g

from app import routing
from app.call import Call
from app.errors import ApiError
from providers.types import Json

blueprint = Blueprint("models", __name__)


@blueprint.get("/models")
@blueprint.get("/v1/models")
@blueprint.get("/v1/v1/models")
def list_models() -> Response:
    """All of them, by name."""
    call: Call = g.call
    data = [_model(name, owner) for name, owner in routing.visible_models(call.caller, call.runtime)]
    return _json({"object": "list", "data": data})


@blueprint.get("/models/<path:name>")
@blueprint.get("/v1/models/<path:name>")
@blueprint.get("/v1/v1/models/<path:name>")
def get_model(name: str) -> Response:
    """One of them; names may hold slashes. Raises ApiError 404."""
    call: Call = g.call
    for known, owner in routing.visible_models(call.caller, call.runtime):
        if known == name:
            return _json(_model(known, owner))
    raise ApiError(404, f"the model '{name}' does not exist here", code="model_not_found", param="model")


def _model(name: str, owner: str) -> Json:
    return {"id": name, "object": "model", "created": g.call.runtime.since, "owned_by": owner}


def _json(document: Json) -> Response:
    return Response(orjson.dumps(document), mimetype="application/json")

"""Addresses for whoever runs the gateway; they need no key and tell nothing worth one."""

import orjson
from flask import Blueprint, Response

blueprint = Blueprint("ops", __name__)


@blueprint.get("/")
def home() -> Response:
    """What this is, for whoever opens the address in a browser."""
    document = {"name": "simple-one-api", "api": "/v1", "models": "/v1/models", "health": "/healthz"}
    return Response(orjson.dumps(document), mimetype="application/json")


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether the process answers."""
    return Response(b'{"status":"ok"}', mimetype="application/json")

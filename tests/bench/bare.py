"""The yardstick: one Flask route that answers a constant, in the same gunicorn and gevent as the gateway."""

from gevent import monkey

monkey.patch_all()

from flask import Flask, Response  # noqa: E402 - patched first, as the gateway does

app = Flask(__name__)


@app.post("/v1/chat/completions")
def constant() -> Response:
    return Response(b'{"id":"x","object":"chat.completion","choices":[]}', mimetype="application/json")

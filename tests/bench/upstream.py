"""The fastest upstream that Python can be: constant bytes, parsed no more than needed to keep a connection alive.

``python -m tests.bench.upstream PORT``. A model named ``open`` streams one event and then stays silent.
"""

import json
import sys
from typing import BinaryIO

import gevent
from gevent.server import StreamServer
from gevent.socket import socket

EVENTS = 1000
MODEL = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "bench"}


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    payload = {**MODEL, "object": "chat.completion.chunk", "choices": [choice]}
    data = b"data: " + json.dumps(payload).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


MESSAGE = {"role": "assistant", "content": "Hello from the other side of the wire.", "refusal": None}
USAGE = {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}
CHOICE = {"index": 0, "message": MESSAGE, "logprobs": None, "finish_reason": "stop"}
PLAIN = json.dumps({**MODEL, "choices": [CHOICE], "usage": USAGE}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(PLAIN), PLAIN)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECES = [_event({"content": f"word{number} "}) for number in range(EVENTS)]
END = _event({}, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


def handle(connection: socket, _address: object) -> None:
    reader = connection.makefile("rb")
    try:
        while (body := _request(reader)) is not None:
            if b'"stream":true' not in body:
                connection.sendall(ANSWER)
                continue
            connection.sendall(HEAD + PIECES[0])
            if b'"open"' in body:
                gevent.sleep(120)
                return
            for piece in PIECES[1:]:
                connection.sendall(piece)
                gevent.sleep(0)
            connection.sendall(END)
    except OSError:
        return


def _request(reader: BinaryIO) -> bytes | None:
    if not reader.readline():
        return None
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return reader.read(length)


if __name__ == "__main__":
    StreamServer(("127.0.0.1", int(sys.argv[1])), handle, backlog=1024).serve_forever()

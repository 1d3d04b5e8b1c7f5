"""A small Spark that checks what it is sent and answers over WebSockets, in threads of a test.

The last user text chooses the answer: ``fault: <name>`` one of the broken ones, anything else is said back.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakevendor.websocket import TEXT, Peer, frame, serving
from tests.fakevendor.xinghuo_rules import fault, refusal

APPID: Final = "5e0c7a11"
KEY: Final = "spark-key-canary-0123456789abcd"
SECRET: Final = "spark-secret-canary-0123456789ab"
CREDENTIAL: Final = {"appid": APPID, "api_key": KEY, "api_secret": SECRET}
PIECE_CHARS: Final = 400
USAGE: Final = {"question_tokens": 4, "prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}


@dataclass(slots=True)
class Spark:
    """A running Spark.

    ``url`` has no path. ``clock_s`` is how far its clock is ahead. ``frames`` are those it was sent and found good,
    ``refused`` its reasons where something was not, ``left`` the moments when others closed on it.
    """

    url: str = ""
    clock_s: float = 0.0
    frames: list[Any] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    together: int = 0
    most_together: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, peer: Peer) -> None:
        """One connection from its upgrade to its end."""
        host = peer.headers["host"]
        refused = refusal(peer.path, peer.query, host, {KEY: SECRET}, time.time() + self.clock_s)
        if refused:
            self.refused.append(refused[1])
            peer.refuse(refused[0], json.dumps({"message": refused[1]}).encode())
            return
        peer.accept()
        opcode, data = peer.hear()
        asked = json.loads(data)
        wrong = fault(peer.path, asked, APPID) if opcode == TEXT else "binary"
        if wrong:
            self.refused.append(wrong)
            peer.say(error(10163, f"parameter schema error: {wrong}"))
            return
        self.frames.append(asked)
        self._answer(peer, asked)

    def _answer(self, peer: Peer, asked: Any) -> None:
        with self.lock:
            self.together += 1
            self.most_together = max(self.most_together, self.together)
        try:
            text = asked["payload"]["message"]["text"][-1]["content"]
            FAULTS.get(text.removeprefix("fault: "), say_back)(self, peer, asked)
        finally:
            with self.lock:
                self.together -= 1

    def wait_for_leaving(self, peer: Peer) -> None:
        """Note when the other side closes."""
        if peer.gone(10):
            self.left.append(time.monotonic())


def message(status: int, *texts: Any, usage: Any = None) -> str:
    """A frame of an answer."""
    payload: dict[str, Any] = {"choices": {"status": status, "seq": 0, "text": list(texts)}}
    if usage:
        payload["usage"] = {"text": usage}
    head = {"code": 0, "message": "Success", "sid": "cht000@fake", "status": status}
    return json.dumps({"header": head, "payload": payload}, ensure_ascii=False)


def error(code: int, text: str) -> str:
    """A frame that is an error."""
    return json.dumps({"header": {"code": code, "message": text, "sid": "cht000@fake", "status": 2}})


def words(text: str) -> dict[str, Any]:
    """A piece of text in a frame."""
    return {"content": text, "role": "assistant", "index": 0}


def say_back(_spark: Spark, peer: Peer, asked: Any) -> None:
    """Say the last text back, frame by frame, each in two parts that may split a letter; or call a function."""
    text = asked["payload"]["message"]["text"][-1]["content"]
    functions = asked["payload"].get("functions", {}).get("text", [])
    if functions and " returned: " not in text:
        call = {"name": functions[0]["name"], "arguments": '{"city":"合肥"}'}
        peer.say(message(2, {**words(""), "function_call": call}, usage=USAGE))
        return
    pieces = [text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS)]
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        data = message(2 if last else min(number, 1), words(piece), usage=USAGE if last else None).encode()
        peer.send(frame(TEXT, data[: len(data) // 2], fin=False) + frame(0, data[len(data) // 2 :]))
    peer.gone(5)


def _first(code: int, text: str) -> Callable[[Spark, Peer, Any], None]:
    return lambda _spark, peer, _asked: peer.say(error(code, text))


def _amid(code: int, text: str) -> Callable[[Spark, Peer, Any], None]:
    def answer(_spark: Spark, peer: Peer, _asked: Any) -> None:
        peer.say(message(0, words("half an ")))
        peer.say(error(code, text))

    return answer


def _close(code: int | None) -> Callable[[Spark, Peer, Any], None]:
    def answer(_spark: Spark, peer: Peer, _asked: Any) -> None:
        peer.say(message(0, words("half an ")))
        if code:
            peer.goodbye(code)

    return answer


def _silence(*texts: str) -> Callable[[Spark, Peer, Any], None]:
    def answer(spark: Spark, peer: Peer, _asked: Any) -> None:
        for text in texts:
            peer.say(message(1, words(text)))
        spark.wait_for_leaving(peer)

    return answer


def _large(_spark: Spark, peer: Peer, _asked: Any) -> None:
    peer.say(message(2, words("大" * 350_000), usage=USAGE))
    peer.gone(5)


FAULTS: Final[dict[str, Callable[[Spark, Peer, Any], None]]] = {
    "first 11202": _first(11202, "licc limit: too many per second"),
    "first 11200": _first(11200, "AppIdNoAuthError:(17:17:15.673) domain.generalv3"),
    "first 10013": _first(10013, "input is sensitive"),
    "first 10907": _first(10907, "tokens exceed"),
    "amid 10012": _amid(10012, "engine internal error"),
    "amid 10014": _amid(10014, "output is sensitive"),
    "close 1000": _close(1000),
    "close 1011": _close(1011),
    "close 1006": _close(None),
    "silence": _silence(),
    "silence amid": _silence("half an "),
    "large": _large,
}


@contextmanager
def running() -> Iterator[Spark]:
    """A started Spark, which ends with the block."""
    spark = Spark()
    with serving(spark.serve) as server:
        spark.url = server.url
        yield spark

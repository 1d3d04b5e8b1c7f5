"""Clients in threads, each of which asks again as soon as it is answered, and what came of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from types import TracebackType
from typing import Final

BROKEN: Final = "broken"
"""What is noted of a call whose connection ended before its answer."""


class Crowd:
    """``ask`` returns a word for what came of one call. A block begins and ends with all of them."""

    def __init__(self, ask: Callable[[int], str], clients: int) -> None:
        self.words: Counter[str] = Counter()
        self.broken_at: list[float] = []
        self._ask = ask
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def _run(self, number: int) -> None:
        while not self._stop.is_set():
            try:
                word = self._ask(number)
            except (OSError, HTTPException):
                word = BROKEN
            with self._lock:
                self.words[word] += 1
                if word == BROKEN:
                    self.broken_at.append(time.monotonic())

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

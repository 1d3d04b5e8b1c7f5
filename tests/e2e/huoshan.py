"""What the tests in front of the small Ark share: names of models, and asking the official client."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai

from tests.fakevendor.huoshan import API_KEY

KEY = {"api_key": API_KEY}
EP, OTHER_EP, BOT = "ep-20240612090709-hzjz5", "ep-20240612090709-other", "bot-20240101000000-abcde"
MODEL, VISION = "doubao-1-5-pro-32k-250115", "doubao-embedding-vision-250615"
Connect = Callable[..., openai.OpenAI]


def ask(client: openai.OpenAI, content: Any = "你好", model: str = "doubao", **more: Any) -> Any:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    return client.chat.completions.create(model=model, messages=messages, **more)  # type: ignore[call-overload]


def said(reply: Any) -> str:
    return str(reply.choices[0].message.content)


def streamed(chunks: Any) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def in_parallel(count: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))

"""What V1 calls its models in a URL, and what each family takes.

Names are compared without regard to case. A model that is not here is one the operator deployed or a newer one: its
name in lower case is tried as the path, and nothing is withheld from it.
Source: https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t and the vendor's Python SDK 0.4.12.3, checked 2026-08.
"""

import re
from typing import Final

_BY_NAME: Final = {
    "ernie-4.0-8k": "completions_pro",
    "ernie-bot-4": "completions_pro",
    "ernie-4.0-8k-preview-0518": "completions_adv_pro",
    # The name of this variant is unverified.
    "ernie-4.0-8k-preemptible": "completions_pro_preemptible",
    "ernie-3.5-8k": "completions",
    "ernie-bot": "completions",
    "ernie-bot-8k": "ernie_bot_8k",
    "ernie-speed-8k": "ernie_speed",
    "ernie-speed": "ernie_speed",
    "ernie speed-appbuilder": "ai_apaas",
    "ernie-speed-appbuilder": "ai_apaas",
    "ernie-lite-8k-0308": "ernie-lite-8k",
    "ernie-lite-8k-0922": "eb-instant",
    "ernie-bot-turbo": "eb-instant",
    "ernie-lite-appbuilder-8k-0614": "ai_apaas_lite",
    "ernie-character-8k": "ernie-char-8k",
    "ernie-character-fiction-8k": "ernie-char-fiction-8k",
    "ernie-functions-8k": "ernie-func-8k",
    "ernie-function-8k": "ernie-func-8k",
    "yi-34b-chat": "yi_34b_chat",
    "mixtral-8x7b-instruct": "mixtral_8x7b_instruct",
    "llama-2-7b-chat": "llama_2_7b",
    "llama-2-13b-chat": "llama_2_13b",
    "llama-2-70b-chat": "llama_2_70b",
    "meta-llama-3-8b": "llama_3_8b",
    "meta-llama-3-70b": "llama_3_70b",
    "gemma-7b-it": "gemma_7b_it",
    "bloomz-7b": "bloomz_7b1",
    "qianfan-bloomz-7b-compressed": "qianfan_bloomz_7b_compressed",
    "qianfan-chinese-llama-2-7b": "qianfan_chinese_llama_2_7b",
    "qianfan-chinese-llama-2-13b": "qianfan_chinese_llama_2_13b",
    "qianfan-chinese-llama-2-70b": "qianfan_chinese_llama_2_70b",
    "chatglm2-6b-32k": "chatglm2_6b_32k",
    "aquilachat-7b": "aquilachat_7b",
    "xuanyuan-70b-chat-4bit": "xuanyuan_70b_chat",
    "chatlaw": "chatlaw",
}
_AS_NAMED: Final = re.compile(
    r"ernie-4\.0-8k-(latest|preview|0613|0329|0104)|ernie-4\.0-turbo-8k(-latest|-preview)?"
    r"|ernie-3\.5-(8k-(0205|1222|0329|0613|0701|preview)|4k-0205|128k)"
    r"|ernie-speed-(128k|pro-8k|pro-128k)|ernie-lite-(8k|pro-8k|v)|ernie-(tiny|novel)-8k|qianfan-dynamic-8k"
)
"""Models whose path is their name in lower case."""

_PATHS: Final = frozenset(_BY_NAME.values())

_FOREIGN: Final = re.compile(r"(yi|mixtral|llama|gemma|bloomz|qianfan_|chatglm|aquilachat|xuanyuan|chatlaw)\w*")
"""Hosted models of others: no ``system``, no functions, no response format."""
_SMALL: Final = re.compile(r"ernie[-_](speed|lite|tiny|char|novel)|eb-instant|ai_apaas")
_WITHOUT_FUNCTIONS: Final = re.compile(r"ernie-4\.0-turbo|ernie-4\.0-8k-(latest|0613)")

EMBEDDINGS: Final = {"bge-large-zh": "bge_large_zh", "bge-large-en": "bge_large_en", "tao-8k": "tao_8k"}
"""Paths of embedding models that differ from their names in lower case."""


def chat_path(model: str, address: str) -> str:
    """What stands after ``/chat/`` for a model: ``address`` for one that is not known, its own name without one."""
    name = model.lower()
    return _BY_NAME.get(name) or (name if _is_path(name) else address or name)


def embedding_path(model: str) -> str:
    """What stands after ``/embeddings/`` for a model."""
    name = model.lower()
    return EMBEDDINGS.get(name, name)


def _is_path(name: str) -> bool:
    return name in _PATHS or _AS_NAMED.fullmatch(name) is not None


def takes_system(path: str) -> bool:
    """Whether the model at ``path`` has the field ``system``."""
    return not _FOREIGN.fullmatch(path)


def takes_functions(path: str) -> bool:
    """Whether the model at ``path`` takes functions."""
    return takes_system(path) and not (_SMALL.match(path) or _WITHOUT_FUNCTIONS.match(path))


def takes_format(path: str) -> bool:
    """Whether the model at ``path`` takes a response format."""
    small = (_SMALL.match(path) and "128k" not in path) or path in ("ernie-func-8k", "qianfan-dynamic-8k")
    return takes_system(path) and not small


def most_output_tokens(path: str) -> int | None:
    """The largest ``max_output_tokens``, None where it is not documented."""
    if "128k" in path:
        return 4096
    ours = path.startswith(("ernie", "qianfan-")) or (_is_path(path) and takes_system(path))
    return 2048 if ours else None

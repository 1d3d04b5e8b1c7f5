"""Chinese vendors that differ from the wire's common ways by values only.

A row's dialect holds what its own reference demands; what a row does not say is as for any unknown third party.
"""

from providers import support
from providers.errors import ErrorKind
from providers.vendor import Vendor
from providers.wires.openai.dialect import LOGPROBS, TOOLS, Dialect, ModelRule, Range, models
from providers.wires.openai.row import row

_QWEN_STREAM_ONLY = models(r"(qwen/)?(qwq|qvq|qwen.*-omni|qwen3-.*thinking)")
_QWEN_HYBRID = models(r"(qwen/)?qwen3-\d+(\.\d+)?b(-a\d+b)?$")

VENDORS: tuple[Vendor, ...] = (
    row(
        "siliconflow",
        "https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
        "https://api.siliconflow.cn/v1",
        Dialect(
            null_content="empty",
            # 30001 and 50505 are unverified; 20015 is any bad parameter, and its text tells which.
            codes={
                "20012": ErrorKind.MODEL_NOT_FOUND,
                "30001": ErrorKind.QUOTA,
                "50505": ErrorKind.OVERLOADED,
            },
        ),
        hosts=("api.siliconflow.cn", "api.siliconflow.com"),
        models=("deepseek-ai/DeepSeek-V3.2", "Qwen/Qwen3-32B", "Qwen/Qwen2.5-7B-Instruct", "zai-org/GLM-4.6"),
        embedding_models=("BAAI/bge-m3", "Qwen/Qwen3-Embedding-8B"),
        title="SiliconFlow",
        title_zh="硅基流动",
    ),
    row(
        "stepfun",
        "https://platform.stepfun.com/docs/api-reference/chat/chat-completion-create",
        "https://api.stepfun.com/v1",
        Dialect(tool_choices=frozenset({"auto", "none", "required"})),
        embeds=False,
        hosts=("api.stepfun.com", "api.stepfun.ai"),
        models=("step-3", "step-2-16k", "step-1-8k", "step-1v-8k"),
        title="StepFun",
        title_zh="阶跃星辰",
    ),
    row(
        "lingyiwanwu",
        "https://platform.lingyiwanwu.com/docs",
        "https://api.lingyiwanwu.com/v1",
        Dialect(clamp={"temperature": Range(0, 2, at_high=1.99)}),
        embeds=False,
        services=("01ai", "yi"),
        hosts=("api.lingyiwanwu.com",),
        models=("yi-lightning", "yi-large", "yi-large-fc", "yi-vision-v2"),
        title="01.AI (Yi)",
        title_zh="零一万物（Yi）",
        # What its reference does not speak of (unverified).
        lacks=frozenset({support.JSON_OBJECT, support.JSON_SCHEMA, support.REASONING}),
    ),
    row(
        "baichuan",
        "https://platform.baichuan-ai.com/docs/api",
        "https://api.baichuan-ai.com/v1",
        Dialect(
            clamp={"temperature": Range(0, 1), "top_p": Range(0, 1, at_high=0.99), "top_k": Range(0, 20)},
            rules=(ModelRule(models(r"baichuan[23]"), drop=frozenset({"stop"})),),
            fold_system=models(r"baichuan[23]"),
        ),
        hosts=("api.baichuan-ai.com",),
        models=("Baichuan4-Turbo", "Baichuan4-Air", "Baichuan4", "Baichuan3-Turbo"),
        embedding_models=("Baichuan-Text-Embedding",),
        title="Baichuan",
        title_zh="百川智能",
        # What its reference does not speak of (unverified).
        lacks=frozenset({support.IMAGES, support.REASONING}),
    ),
    row(
        "llamafamily",
        "https://llama.family/docs/chat-completion-v1",
        "https://api.atomecho.cn/v1",
        Dialect(drop=TOOLS | LOGPROBS | {"n"}, text_models=models("")),
        embeds=False,
        hosts=("api.atomecho.cn",),
        models=("Atom-13B-Chat", "Atom-7B-Chat", "Atom-1B-Chat", "Llama3-Chinese-8B-Instruct"),
        title="Llama Family",
        title_zh="Llama 中文社区",
        # What its reference does not speak of (unverified).
        lacks=frozenset({support.IMAGES, support.JSON_OBJECT, support.JSON_SCHEMA, support.REASONING}),
    ),
    row(
        "modelscope",
        "https://modelscope.cn/docs/model-service/API-Inference/intro",
        "https://api-inference.modelscope.cn/v1",
        Dialect(
            stream_only=_QWEN_STREAM_ONLY,
            hybrid_thinking=_QWEN_HYBRID,
            text_models=models(r"(?!.*(vl|vision|omni|qvq|ocr))"),
        ),
        hosts=("api-inference.modelscope.cn",),
        models=("Qwen/Qwen3-32B", "deepseek-ai/DeepSeek-V3.2"),
        title="ModelScope",
        title_zh="魔搭社区",
    ),
)

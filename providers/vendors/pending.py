"""Services whose protocol this version does not speak yet. Their entries load; a request says what is missing."""

from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.row import KEY
from providers.wires.unspoken import unspoken

_COZE = CredentialFields(
    required=(("api_key",), ("token",), ("client_id", "public_key_id", "private_key")),
    note="a token of the same site, or the three parts of an OAuth app",
)
_VERTEX = CredentialFields(required=(("project_id", "location", "json_file"),), optional=("model_id",))

VENDORS: tuple[Vendor, ...] = (
    unspoken(
        "azure",
        "https://learn.microsoft.com/azure/ai-foundry/openai/reference",
        "",
        "Azure OpenAI",
        KEY,
        options=frozenset({"api_version"}),
    ),
    unspoken(
        "vertexai",
        "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        "https://aiplatform.googleapis.com",
        "Vertex AI",
        _VERTEX,
    ),
    unspoken(
        "cozecn", "https://www.coze.cn/open/docs/developer_guides/chat_v3", "https://api.coze.cn/v3/chat", "Coze", _COZE
    ),
    unspoken(
        "cozecom",
        "https://www.coze.com/open/docs/developer_guides/chat_v3",
        "https://api.coze.com/v3/chat",
        "Coze",
        _COZE,
    ),
    unspoken("dify", "https://docs.dify.ai/api-reference/chat", "https://api.dify.ai/v1/chat-messages", "Dify", KEY),
)

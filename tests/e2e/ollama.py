"""What the end-to-end tests of Ollama and their gateway share: names, surfaces, and refusals to be seen."""

NAMES = ["llama3.2", "gemma3:4b", "qwen3:8b", "gpt-oss:20b", "hf.co/user/repo:Q4"]
SURFACES = ("", "v1/")
PULL = "model 'nope' not found (on the server, run: ollama pull nope)"
REFUSALS: list[tuple[str, str, tuple[int, str | None], str]] = [
    ("nope", "x", (404, "model_not_found"), PULL),
    ("llama3.2", "FAIL 400 invalid format", (400, None), "invalid format"),
    ("llama3.2", "FAIL 403 a subscription is needed", (502, "upstream_auth"), "a subscription is needed"),
    ("llama3.2", "FAIL 429 hourly limit", (429, "rate_limit_exceeded"), "hourly limit"),
    ("llama3.2", "FAIL 500 llama runner process has terminated", (500, None), "has terminated"),
    ("llama3.2", "FAIL 503 server busy", (503, "server_is_overloaded"), "server busy"),
]
"""Model, what is asked, and what the client sees."""

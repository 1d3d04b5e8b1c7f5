"""Ollama's native protocol: /api/chat as lines of JSON, and /api/embed."""

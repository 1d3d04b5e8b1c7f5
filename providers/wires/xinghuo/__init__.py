"""iFlytek's Spark: its signed WebSocket, and what its OpenAI-style HTTP endpoint does otherwise than others."""

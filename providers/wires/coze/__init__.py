"""Coze's bots: the v3 chat as a stream or by polling, the older v2 chat, uploads, and tokens for OAuth apps."""

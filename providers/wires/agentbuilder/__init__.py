"""Baidu's AgentBuilder: one question to a published agent, and its answer whole or as a stream."""

"""Dify's service API: chat apps, agents and chatflows, text generators, and workflows."""

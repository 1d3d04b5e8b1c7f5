"""The OpenAI chat wire and the values by which its many speakers differ."""

"""What Azure adds to the OpenAI wire: its addresses, deployments, keys and tokens, content filters and error bodies."""

"""What Volcengine's Ark has beside the OpenAI wire: keys in exchange for access keys, bots and their references."""

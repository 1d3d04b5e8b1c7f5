"""The Messages wire: request bodies and replies, for whoever serves it and however it is addressed and signed."""

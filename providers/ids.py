"""Fresh identifiers, for vendors that leave them out. The one impurity that a decoder is allowed."""

import uuid


def call_id() -> str:
    """An id for a tool call, unlike any other."""
    return f"call_{uuid.uuid4().hex}"

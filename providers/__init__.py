"""Vendor clients: wire protocols, framing, signatures and the transport, and nothing of Flask or config."""

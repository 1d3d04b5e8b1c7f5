"""The service: what it does with a request between the client and a vendor (``app/factory.py`` puts it together)."""

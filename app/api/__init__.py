"""The HTTP surface: thin blueprints that read a request, call the gateway and return its answer."""

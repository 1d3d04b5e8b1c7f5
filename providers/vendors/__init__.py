"""One module per wire protocol. Every module here is found by the scan in ``providers/vendor.py``."""

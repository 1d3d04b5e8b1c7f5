"""How much CPU the gateway itself costs, against a bare Flask route and the upstream alone, in one run."""

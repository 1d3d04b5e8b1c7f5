"""Properties that hold for any input: few and fixed examples in the suite, many and fresh ones in ``make fuzz``."""

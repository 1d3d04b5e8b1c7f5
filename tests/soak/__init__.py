"""Minutes of mixed load with faults, after which nothing may be left behind: ``make soak``, or ``SECONDS=60``."""

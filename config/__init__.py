"""The operator's config file: what it may hold, how it is checked, and the frozen values it becomes."""

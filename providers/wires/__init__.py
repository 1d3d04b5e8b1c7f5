"""Wire protocols that several vendors share. A wire knows shapes and rules, and no vendor by name."""

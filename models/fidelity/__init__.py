"""The fidelity table: how good an actor is, measured by an independent judge."""

"""The fidelity table: how good an actor is, measured by the independent judge."""

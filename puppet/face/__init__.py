"""A person's face: tracked, aligned, measured, its neutral, who it is, and retargeting to an actor."""

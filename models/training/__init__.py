"""The training loop, its schedule, checkpoints and run folder."""

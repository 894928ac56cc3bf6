"""A new actor from footage: the training job, its child process, the prompts for filming."""

"""A new actor from footage: the training job, its child process, the filming prompts."""

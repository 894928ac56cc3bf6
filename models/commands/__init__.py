"""Commands of `python -m models`: arguments and work."""

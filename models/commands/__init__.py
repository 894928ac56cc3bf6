"""The commands of `python -m models`, one module each: SUMMARY, EXAMPLE, add_arguments and run.

A module imports what its work needs inside its functions, so that --help is instant.
"""

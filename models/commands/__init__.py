"""The commands of `puppet` that train, one module each: EXAMPLE, add_arguments and run.

A module imports what its work needs inside its functions, so that --help is instant.
"""

"""Puppet: your face moves another face, live."""

__version__ = "0.1.0"

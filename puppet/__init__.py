"""Puppet: your face moves another face, live."""

from puppet import process

__version__ = "0.1.0"

process.prepare()  # before any library is loaded, in every process

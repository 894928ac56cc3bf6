"""Puppet: your face moves another face, live."""

from puppet.process import environment

__version__ = "0.2.0"

environment.prepare()  # before any library is loaded, in every process

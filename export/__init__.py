"""Turns a trained run into an actor file, and verifies that it draws what the network draws."""

from puppet.core.errors import PuppetError


class ExportError(PuppetError):
    """A network cannot become an actor file. Nothing was written."""

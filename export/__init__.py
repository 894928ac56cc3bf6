"""A trained run -> an actor file that the app plays, verified on the way."""

from puppet.core.errors import PuppetError


class ExportError(PuppetError):
    """A network cannot become an actor file; nothing was written."""

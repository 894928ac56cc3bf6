"""What every capture of a network stream has in common: it has no properties, and ends with its connection."""

from __future__ import annotations

from puppet.sources.network.connection import Connection


class StreamCapture:
    """Base of a `VideoCapture` over a connection; subclasses add `grab` and `retrieve`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def isOpened(self) -> bool:
        """Always: what cannot be opened raises SourceError where it is made."""
        return True

    def get(self, propId: int, /) -> float:
        """0.0: a stream tells no properties."""
        return 0.0

    def set(self, propId: int, value: float, /) -> bool:
        """False: nothing can be asked for."""
        return False

    def release(self) -> None:
        """Close the connection."""
        self._connection.close()

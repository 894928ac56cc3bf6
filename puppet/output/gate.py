"""A sink in front of another one, which lets only so many results through."""

from __future__ import annotations

from puppet.core.errors import PuppetError
from puppet.core.protocols import Sink
from puppet.core.types import Result


class ResultGate:
    """A sink that passes results on to `inner`, at most `limit` of them; then it is `full`.

    limit: None for no limit. inner: None where they are only counted. actor_only: results without an actor are left
    out, and not counted.
    """

    def __init__(self, limit: int | None = None, inner: Sink | None = None, actor_only: bool = True) -> None:
        self.count = 0
        self._limit, self._inner, self._actor_only = limit, inner, actor_only

    @property
    def full(self) -> bool:
        """Whether `limit` results have passed."""
        return self.count == self._limit

    @property
    def error(self) -> PuppetError | None:
        """That of `inner`."""
        return self._inner.error if self._inner is not None else None

    def write(self, result: Result) -> None:
        """Pass a result on, or leave it out."""
        if self.full or (self._actor_only and result.portrait is None):
            return
        if self._inner is not None:
            self._inner.write(result)
        self.count += 1

    def close(self) -> None:
        """Close `inner`."""
        if self._inner is not None:
            self._inner.close()

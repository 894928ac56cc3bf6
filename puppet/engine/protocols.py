"""What the engine needs of a puppeteer, so that tests can give it another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from puppet.core.types import Frame, Result

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.engine.options import StepOptions
    from puppet.engine.puppeteer import Tracked
    from puppet.face.neutral import Neutral


class PuppeteerLike(Protocol):
    """The part of `puppeteer.Puppeteer` that the engine uses."""

    actor: Actor | None
    others: tuple[Actor, ...]
    options: StepOptions

    @property
    def neutral_is_captured(self) -> bool:
        """Whether the user's own neutral is in use, rather than the automatic one."""
        ...

    @property
    def neutral_confidence(self) -> float:
        """How far the neutral in use can be trusted, 0 .. 1."""
        ...

    def track(self, frame: Frame) -> Tracked:
        """Find the face; from the tracking thread."""
        ...

    def act(self, tracked: Tracked) -> Result:
        """Draw the actor; from the acting thread."""
        ...

    def capture_neutral(self) -> None:
        """The next tracked face becomes the user's neutral."""
        ...

    def set_neutral(self, neutral: Neutral) -> None:
        """Use a neutral that is known already."""
        ...

    def reset_neutral(self) -> None:
        """Back to the automatic neutral."""
        ...

    def forget_user(self) -> None:
        """Another person may be there: nothing learned so far counts."""
        ...

    def close(self) -> None:
        """Free the tracker; from the tracking thread."""
        ...

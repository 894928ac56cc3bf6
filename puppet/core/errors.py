"""Errors that a user can act on. Every command prints them as one line and exits with code 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

# live: it never ends, where a file is needed
SourceTrouble = Literal["absent", "busy", "denied", "unplugged", "frozen", "unreadable", "empty", "live"]


class PuppetError(Exception):
    """Something went wrong outside the program; the message says what, with which file or device, and what to do."""


def reason(problem: OSError) -> str:
    """Why a file or folder could not be made, in the system's words, or plainer ones where those mislead."""
    if isinstance(problem, FileExistsError | NotADirectoryError):
        return "there is a file where a folder should be"
    if isinstance(problem, IsADirectoryError):
        return "there is a folder of that name"
    return problem.strerror or str(problem)


class UnexpectedError(PuppetError):
    """An unexpected exception, in words (`process/log.py`, `explained`); `__cause__` is the exception itself."""


class AdvisedError(PuppetError):
    """An error that comes with what to do about it.

    words: what happened. steps: what to do, in order, each a sentence or a command that can be copied.
    """

    def __init__(self, words: str, steps: Sequence[str] = ()) -> None:
        numbered = "   ".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
        super().__init__(words if not steps else f"{words}. {numbered}" if len(steps) > 1 else f"{words}: {steps[0]}")
        self.words, self.steps = words, tuple(steps)


class SourceError(PuppetError):
    """A camera, file, folder or URL gives no frames.

    kind: what is wrong, for the window. final: trying again would do harm, as a camera that was told a wrong password
    too often locks the user out.
    """

    def __init__(self, message: str, kind: SourceTrouble, final: bool = False) -> None:
        super().__init__(message)
        self.kind: SourceTrouble = kind
        self.final = final


class PictureError(PuppetError):
    """A picture file cannot be read: damaged, too large, or of a kind that is not read."""


class ActorFileError(PuppetError):
    """An `.actor` file is missing, damaged, edited, or asks for more than this version can do."""


class ActorFailedError(PuppetError):
    """An actor cannot draw a picture. `actor`: which one, an `Actor` of puppet/actor/runtime.py."""

    def __init__(self, message: str, actor: Any) -> None:
        super().__init__(message)
        self.actor = actor


class ActorStalledError(PuppetError):
    """An actor takes too long for one picture, or can draw none any more; it is not used further."""


class RecordingError(PuppetError):
    """A recording cannot start or go on; what was written so far is kept."""


class NameTakenError(RecordingError):
    """There is a file of that name already."""


class SoundError(AdvisedError):
    """A microphone cannot be used; pictures go on without it."""


class CameraOutputError(AdvisedError):
    """The virtual camera cannot be opened, or went away; everything else goes on."""


class DataError(PuppetError):
    """A data set, checkpoint or run folder is missing, truncated or of another kind."""

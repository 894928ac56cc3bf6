"""The steps in which an actor is made, and how far the one is that goes on: by what the tools print to the log.

A tool prints lines of `core/progress.py`: "cutting: 20/60 frames (33 %), 2.0/s, 0:20 left", and "reporting …" for a
step without a measure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

TRAINING = "training"
CHECK = ("tracking", "cutting", "reporting")  # what the tools call their steps, in order
TRAIN = ("tracking the driver", "fitting the head", "making the first texture", TRAINING)
EXPORT = (
    "converting the networks",
    "measuring the latent space",
    "measuring the response",
    "encoding",
    "checking the actor",
)
COMMANDS = {"prepare": CHECK, "train": TRAIN, "export": EXPORT}  # of puppet
SURE = 0.05  # share of a step from which its time left means something; training ends by the clock
MARK = "$ puppet "  # the line before what a command prints
LINE = re.compile(r"(?P<label>[^:]{1,40}): (?P<done>\d{1,12})(?:/(?P<total>\d{1,12}))? (?P<rest>.*)")
LEFT = re.compile(r", (?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{2}) left")


class Stage(Enum):
    """Whether a step is over."""

    DONE = "done"
    NOW = "now"
    LATER = "later"


@dataclass(frozen=True)
class Step:
    """One step at one moment.

    label: what the tool calls it. share: of it that is done, 0 .. 1. Both None when unknown.
    """

    label: str
    stage: Stage
    share: float | None = None
    seconds_left: float | None = None


def mark(command: Sequence[str]) -> str:
    """The line that is printed before a command of puppet runs."""
    return MARK + " ".join(command)


def steps_of(command: str, log: Sequence[str]) -> tuple[Step, ...]:
    """The steps of a command ("train" and "export" belong together), while it runs.

    log: the newest lines, from all commands.
    """
    before = TRAIN if command == "export" else ()
    after = EXPORT if command == "train" else ()
    current = _current(command, _of_command(command, log))
    own = COMMANDS[command]
    at = own.index(current.label)
    return (
        *(Step(label, Stage.DONE, 1.0) for label in (*before, *own[:at])),
        current,
        *(Step(label, Stage.LATER) for label in (*own[at + 1 :], *after)),
    )


def _of_command(command: str, log: Sequence[str]) -> Sequence[str]:
    """The lines that the command has printed, as far as they are known."""
    marks = [row for row, line in enumerate(log) if line.startswith(MARK)]
    if not marks:
        return log
    return log[marks[-1] + 1 :] if log[marks[-1]].startswith(MARK + command) else ()


def _current(command: str, lines: Sequence[str]) -> Step:
    """The step that goes on: the newest that was told, or the one after it when that is over."""
    own = COMMANDS[command]
    for line in reversed(lines):
        label = line.removesuffix(" …")
        if label != line and label in own:
            return Step(label, Stage.NOW)
        found = LINE.fullmatch(line)
        if found is None or found["label"] not in own:
            continue
        label, total = found["label"], int(found["total"] or 0)
        if " in " in f" {found['rest']}" and " left" not in found["rest"]:  # its last line
            following = own[own.index(label) + 1 :]
            return Step(following[0], Stage.NOW) if following else Step(label, Stage.NOW, 1.0, 0.0)
        share = min(1.0, int(found["done"]) / total) if total else None
        return Step(label, Stage.NOW, share, _left(line) if label == TRAINING or (share or 0.0) >= SURE else None)
    return Step(own[0], Stage.NOW)


def _left(line: str) -> float | None:
    """The seconds that a line says are left."""
    found = LEFT.search(line)
    if found is None:
        return None
    return 3600.0 * int(found["hours"] or 0) + 60.0 * int(found["minutes"]) + int(found["seconds"])

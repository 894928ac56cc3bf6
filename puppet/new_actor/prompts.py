"""The prompts for somebody who is filmed for an actor: what to do, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to do, for so many seconds."""

    text: str
    seconds: float


PROMPTS = (
    Prompt("Look into the camera, relaxed, mouth closed", 5),
    Prompt("Turn your head slowly to the left, and back", 6),
    Prompt("Turn your head slowly to the right, and back", 6),
    Prompt("Look up, then down, with your whole head", 6),
    Prompt("Tilt your head to one shoulder, then to the other", 6),
    Prompt("Move a little nearer, then a little further away", 6),
    Prompt("Open your mouth wide and close it, three times", 7),
    Prompt("Smile broadly with your teeth, then relax, twice", 7),
    Prompt("Purse your lips as for a kiss, then stretch them", 7),
    Prompt("Raise your brows high, then relax, three times", 6),
    Prompt("Frown, then relax, three times", 6),
    Prompt("Blink slowly; then close one eye, and the other", 8),
    Prompt("Only your eyes: left, right, up, down", 8),
    Prompt("Count aloud from one to twenty", 16),
    Prompt("Puff up your cheeks; show your tongue; move your jaw", 8),
    Prompt("Now just talk, about anything, and move as you do", 60),
)
ONE_SECONDS = 20.0  # for one thing that was missing
TOTAL = sum(prompt.seconds for prompt in PROMPTS)  # s


@dataclass(frozen=True, slots=True)
class Cue:
    """The prompt at one moment.

    number, count: which prompt of how many, from 1. seconds_left: of this prompt. share: of all prompts together that
    is over, 0 .. 1.
    """

    text: str
    number: int
    count: int
    seconds_left: float
    share: float


def cue_at(seconds: float, only: str = "") -> Cue | None:
    """The prompt so many seconds after the start; None after the last one.

    only: what is to be done instead of all PROMPTS.
    """
    end, prompts = 0.0, (Prompt(only[:1].upper() + only[1:], ONE_SECONDS),) if only else PROMPTS
    total = sum(prompt.seconds for prompt in prompts)
    for number, prompt in enumerate(prompts, 1):
        end += prompt.seconds
        if seconds < end:
            return Cue(prompt.text, number, len(prompts), end - seconds, max(0.0, seconds) / total)
    return None

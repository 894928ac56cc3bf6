"""A real puppeteer with a planted tracker and a tiny actor, whose picture moves 8 px per 30 degrees of yaw."""

from __future__ import annotations

import numpy as np
import tiny_actor
from planted_face import tracked
from planted_tracker import UPRIGHT, Planted

from puppet.actor.runtime import Actor
from puppet.core.types import Face, Floats, Frame, Image, Result
from puppet.engine.options import StepOptions
from puppet.engine.puppeteer import Puppeteer
from puppet.face.neutral import Neutral

FPS = 30
WIDTH, HEIGHT = 160, 90
DRIVER = (7, 250, 77)  # a colour that no tiny actor shows
SIDE = tiny_actor.IMAGE_SIZE


class Stage:
    """A puppeteer and its clock. The user's neutral is known, so that every planted angle is the actor's."""

    def __init__(self, actor: Actor | None, neutral: Neutral | None = UPRIGHT, **options) -> None:
        self.tracker = Planted()
        self.puppeteer = Puppeteer(self.tracker, actor, StepOptions(**{"smoothing": 0.0, **options}))
        if neutral is not None:
            self.puppeteer.set_neutral(neutral)
        self.at, self.index = 50.0, 0

    def step(self, face: Face | None, picture: Image | None = None) -> Result:
        self.tracker.face = face
        picture = np.full((HEIGHT, WIDTH, 3), DRIVER, np.uint8) if picture is None else picture
        self.at, self.index = self.at + 1 / FPS, self.index + 1
        return self.puppeteer.step(Frame(picture, self.index, self.at))

    def steps(self, face: Face | None, seconds: float) -> list[Result]:
        return [self.step(face) for _ in range(round(seconds * FPS))]


def looking(yaw: float, opening: float = 0.0) -> Face:
    face = tiny_actor.neutral()
    face[tiny_actor.LOWER_LIP, 1] += opening
    return tracked(face, (yaw, 0, 0), scale=30, middle=(80, 40))


def pixels_of(result: Result) -> Image:
    assert result.portrait is not None
    return result.portrait.image


def yaw_of(result: Result) -> float:
    assert result.latent is not None
    return 30 * float(result.latent.values[0])


def rest_of(actor: Actor) -> Image:
    return actor.neutral_portrait().image


def latent_of(result: Result) -> Floats:
    assert result.latent is not None
    return result.latent.values


def place_of_square(picture) -> float:
    """x of the middle of what is neither grey nor blue, px."""
    return float(np.flatnonzero((np.abs(picture[..., 2].astype(int) - 100) > 20).mean(0) > 0.2).mean())

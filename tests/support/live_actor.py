"""The window on real parts but for the tracker, with tiny actors whose latents are known.

Latent 0 of a tiny actor is yaw / 30 and moves its square 8 px to the right; smile is latent 3, which brightens.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_actor
from planted_face import tracked
from planted_tracker import UPRIGHT, Planted
from planted_window import PlantedWindow
from PyQt6.QtCore import Qt

from puppet.actor.runtime import load_actor
from puppet.core.motion import MotionSettings
from puppet.core.types import Floats
from puppet.engine.puppeteer import Puppeteer
from puppet.settings import Settings

YAW = 15.0  # degrees that the planted face looks to the right
ASKED = np.array([0.5, 0, 0, 0, 0, 0, 0, 0], np.float32)  # by that face, beyond the actor's rest


class Live(PlantedWindow):
    """The window on real parts but for the tracker, with the actors one, two (attributes) and plain (none)."""

    def __init__(self, qtbot, folder, actor: str | None = "one"):
        self.tracker = Planted()
        self.look(YAW)
        super().__init__(qtbot, folder, Settings(motion=MotionSettings(smoothing=0.0), recording_folder=str(folder)))
        self.files = [
            tiny_actor.explorable_actor(folder / "one.actor"),
            tiny_actor.explorable_actor(folder / "two.actor"),
            tiny_actor.explorable_actor(folder / "plain.actor", directions={}),
        ]
        context = self.controller.context
        context.services = replace(context.services, list_actors=lambda: self.files, save_snapshot=None)
        self.panel = self.window.live.latent
        self.start(actor=None if actor is None else folder / f"{actor}.actor")
        self.rest = self.asked() - ASKED if actor is not None else None

    def look(self, yaw: float) -> None:
        self.tracker.face = tracked(tiny_actor.neutral(), (yaw, 0, 0), scale=30, middle=(80, 40))

    def make_puppeteer(self):
        puppeteer = Puppeteer(self.tracker, None)  # pyright: ignore[reportArgumentType]
        puppeteer.set_neutral(UPRIGHT)
        self.puppeteers.append(puppeteer)
        return puppeteer

    def load_actor(self, path):
        return load_actor(path, "cpu", threads=1)

    def asked(self) -> Floats:
        """What the live actor shows, f32 (8,)."""
        result = self.controller.context.result
        assert result is not None
        assert result.latent is not None
        return result.latent.values

    def shows(self, *wanted: float) -> None:
        """Waits until the live actor shows its rest and, on top of it, so much of each latent."""
        assert self.rest is not None
        point = self.rest + np.pad(np.array(wanted, np.float32), (0, 8 - len(wanted)))
        self.until(lambda: np.allclose(self.asked(), point, atol=1e-3))

    def slide(self, slider, steps: int) -> None:
        key = Qt.Key.Key_Right if steps > 0 else Qt.Key.Key_Left
        for _ in range(abs(steps)):
            self.qtbot.keyClick(slider.slider, key)

    @property
    def explorer(self):
        explorer = self.controller.latent.explorer
        assert explorer is not None
        return explorer


@pytest.fixture
def make_live(qtbot, tmp_path):
    made = []

    def make(**options) -> Live:
        made.append(Live(qtbot, tmp_path, **options))
        return made[-1]

    yield make
    for gui in made:
        gui.window.close()
        gui.controller.shutdown()
        gui.engine.stop()


@pytest.fixture
def live(make_live):
    return make_live()

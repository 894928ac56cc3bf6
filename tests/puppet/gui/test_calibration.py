"""Guided calibration in the window: gates, countdown, and what is kept for each user and camera."""

from __future__ import annotations

import numpy as np
import pytest
from gui_stage import A_FACE, GREY, halves, make_stage, stage
from planted_face import expression, rest_face, tracked
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QInputDialog

from puppet.face import calibration
from puppet.face.neutral import neutral_from_face
from puppet.settings import Settings

__all__ = ["make_stage", "stage"]  # fixtures
OPEN_MOUTH = tracked(expression(rest_face(), open=0.2), (0, 0, 0), 42, (42, 30))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A countdown that tests can wait for; the card's bar keeps its own length."""
    monkeypatch.setattr(calibration, "COUNTDOWN", 0.3)


def prepared(stage, user="Me"):
    stage.picture = halves(GREY, GREY, 84, 84)  # enough light
    stage.until(lambda: stage.window.driver_pane.image.width() == stage.window.driver_pane.image.height())
    return stage


def test_the_guide_says_what_to_do_counts_down_and_keeps_the_neutral(stage):
    w = prepared(stage).window
    stage.face = OPEN_MOUTH
    stage.press(Qt.Key.Key_C)
    stage.until(w.card.isVisible)
    stage.until(lambda: w.card.advice.text() == "Close your mouth, lips relaxed.")
    gates = w.card.gates.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "✗ Mouth closed" in gates
    assert "✓ Light" in gates
    assert not stage.puppeteers[0].neutral_is_captured
    stage.face = A_FACE
    stage.until(lambda: not w.card.isVisible())
    stage.until(lambda: stage.banners == ["Calibrated: this is Me's neutral face with Front from now on."])
    np.testing.assert_allclose(stage.puppeteers[0].neutral.landmarks, A_FACE.canonical, atol=1e-5)
    stage.until(lambda: w.user.state.text().startswith("Calibrated with this camera on "))
    assert w.transport.automatic.isVisible()


def test_escape_and_the_button_cancel(stage):
    w = prepared(stage).window
    stage.face = OPEN_MOUTH
    for cancel in (lambda: stage.press(Qt.Key.Key_Escape), lambda: stage.click(w.card.cancel)):
        stage.press(Qt.Key.Key_C)
        stage.until(w.card.isVisible)
        cancel()
        assert not w.card.isVisible()
    assert not stage.puppeteers[0].neutral_is_captured


def test_the_same_key_begins_anew(stage):
    w = prepared(stage).window
    stage.press(Qt.Key.Key_C)
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)
    stage.puppeteers[0].neutral = None
    stage.face = tracked(expression(rest_face(), smile=0.04), (0, 0, 0), 42, (42, 30))
    stage.until(lambda: stage.controller.desk.result.face is stage.face)
    stage.press(Qt.Key.Key_C)
    stage.until(lambda: stage.puppeteers[0].neutral is not None)
    neutral = stage.puppeteers[0].neutral
    assert neutral is not None
    np.testing.assert_allclose(neutral.landmarks, stage.face.canonical, atol=1e-5)
    assert not w.card.isVisible()


def test_a_neutral_comes_back_with_its_camera_at_the_next_start(make_stage, tmp_path):
    settings = Settings(recording_folder=str(tmp_path))
    first = make_stage(settings)
    first.controller.desk.services.neutrals.save("Me", "Front", neutral_from_face(A_FACE), (84, 84))
    stage = prepared(first.start())
    w = stage.window
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)
    np.testing.assert_allclose(stage.puppeteers[0].neutral.landmarks, A_FACE.canonical, atol=1e-6)
    stage.choose(w.source.box, "Back")  # has none
    stage.until(lambda: stage.controller.desk.status.source == "Back")
    stage.until(lambda: "automatic guess" in w.user.state.text())
    assert not stage.puppeteers[0].neutral_is_captured
    stage.choose(w.source.box, "Front")
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)
    stage.press(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)  # and is forgotten when it is given up
    stage.until(lambda: not stage.puppeteers[0].neutral_is_captured)
    stage.until(lambda: stage.controller.desk.services.neutrals.load("Me", "Front") is None)


def test_everybody_has_a_neutral_of_their_own(stage, monkeypatch):
    w = prepared(stage).window
    stage.press(Qt.Key.Key_C)
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)
    answers = iter(["x" * 99, "Ada"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (next(answers), True))
    stage.choose(w.user.box, "Somebody else…")
    assert "1 to 40 characters" in stage.banners[-1]
    assert w.user.box.currentText() == "Me"
    stage.choose(w.user.box, "Somebody else…")
    assert w.user.box.currentText() == "Ada"
    stage.until(lambda: not stage.puppeteers[0].neutral_is_captured)
    assert (stage.saved[-1].user, stage.saved[-1].users) == ("Ada", ("Me", "Ada"))
    stage.choose(w.user.box, "Me")
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)


def test_a_film_is_calibrated_at_once(make_stage):
    stage = make_stage(sources=lambda spec: stage.camera("talk.mp4", live=False))
    stage.start("talk.mp4")
    stage.until(lambda: stage.controller.desk.status.face_seen)
    assert not stage.window.user.isVisible()
    stage.press(Qt.Key.Key_C)
    stage.until(lambda: stage.puppeteers[0].neutral_is_captured)
    assert not stage.window.card.isVisible()

"""Guided calibration in the window: gates, countdown, and what is kept for each user and camera."""

from __future__ import annotations

import numpy as np
import pytest
from planted_face import expression, rest_face, tracked
from planted_window import A_FACE, GREY, halves
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QInputDialog

from puppet.face import calibration
from puppet.face.neutral import neutral_from_face
from puppet.settings import Settings


@pytest.fixture
def video(make_gui):
    """A video is calibrated on at once, without the guide that a camera has."""
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    return gui.start("talk.mp4")


def test_calibrate_and_back(video):
    gui, w = video, video.window
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.until(lambda: gui.controller.context.status.face_seen)
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    assert gui.puppeteers[0].neutral_is_captured
    assert w.transport.automatic.isVisible()
    gui.press(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.click(w.transport.calibrate)
    gui.until(lambda: w.transport.automatic.isVisible())
    gui.click(w.transport.automatic)
    gui.until(lambda: not w.transport.automatic.isVisible())


def test_calibrating_without_a_face_says_so(video):
    gui = video
    gui.face = None
    gui.until(lambda: not gui.controller.context.status.face_seen)
    gui.press(Qt.Key.Key_C)
    assert "No face is in view" in gui.banners[0]
    assert not gui.puppeteers[0].neutral_is_captured


@pytest.mark.parametrize("layout", ["side-by-side", "inset"])
@pytest.mark.parametrize("size", [(1366, 768), (1024, 600)])
def test_the_guide_does_not_hide_the_face_that_it_watches(gui, layout, size):
    w = gui.window
    w.resize(*size)
    w.pictures.arrange(layout)
    gui.press(Qt.Key.Key_C)
    gui.until(w.card.isVisible)
    assert not w.card.geometry().intersects(w.driver_pane.geometry())
    assert w.pictures.rect().contains(w.card.geometry())


def test_a_neutral_that_is_still_being_learned_is_told_with_what_to_do(gui):
    w = gui.window
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: automatic")
    gui.puppeteers[0].neutral_confidence = 0.2
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: still learning")
    gui.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    gui.face = None
    gui.until(lambda: w.driver_pane.note == "No face in view")
    gui.face = A_FACE
    gui.until(lambda: gui.controller.context.status.face_seen)
    gui.until(lambda: w.driver_pane.note == "Learning your face: look relaxed, or press C")
    gui.puppeteers[0].capture_neutral()
    gui.until(lambda: w.status_line.neutral.text() == "Neutral: captured")
    gui.until(lambda: w.driver_pane.note == "")


def test_a_video_is_not_told_to_look_relaxed(make_gui):
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    gui.start("talk.mp4")
    gui.puppeteers[0].neutral_confidence = 0.2
    gui.until(lambda: gui.window.status_line.neutral.text() == "Neutral: still learning")
    assert gui.window.driver_pane.note == ""


OPEN_MOUTH = tracked(expression(rest_face(), open=0.2), (0, 0, 0), 42, (42, 30))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A countdown that tests can wait for; the card's bar keeps its own length."""
    monkeypatch.setattr(calibration, "COUNTDOWN", 0.3)


def prepared(gui, user="Me"):
    gui.picture = halves(GREY, GREY, 84, 84)  # enough light
    gui.until(lambda: gui.window.driver_pane.image.width() == gui.window.driver_pane.image.height())
    return gui


def test_the_guide_says_what_to_do_counts_down_and_keeps_the_neutral(gui):
    w = prepared(gui).window
    gui.face = OPEN_MOUTH
    gui.press(Qt.Key.Key_C)
    gui.until(w.card.isVisible)
    gui.until(lambda: w.card.advice.text() == "Close your mouth, lips relaxed.")
    gates = w.card.gates.text().replace("\N{NO-BREAK SPACE}", " ")
    assert "✗ Mouth closed" in gates
    assert "✓ Light" in gates
    assert not gui.puppeteers[0].neutral_is_captured
    gui.face = A_FACE
    gui.until(lambda: not w.card.isVisible())
    gui.until(lambda: gui.banners == ["Calibrated: this is Me's neutral face with Front from now on."])
    np.testing.assert_allclose(gui.puppeteers[0].neutral.landmarks, A_FACE.canonical, atol=1e-5)
    gui.until(lambda: w.user.state.text().startswith("Calibrated with this camera on "))
    assert w.transport.automatic.isVisible()


def test_escape_and_the_button_cancel(gui):
    w = prepared(gui).window
    gui.face = OPEN_MOUTH
    for cancel in (lambda: gui.press(Qt.Key.Key_Escape), lambda: gui.click(w.card.cancel)):
        gui.press(Qt.Key.Key_C)
        gui.until(w.card.isVisible)
        cancel()
        assert not w.card.isVisible()
    assert not gui.puppeteers[0].neutral_is_captured


def test_the_same_key_begins_anew(gui):
    w = prepared(gui).window
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)
    gui.puppeteers[0].neutral = None
    gui.face = tracked(expression(rest_face(), smile=0.04), (0, 0, 0), 42, (42, 30))
    gui.until(lambda: gui.controller.context.result.face is gui.face)
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: gui.puppeteers[0].neutral is not None)
    neutral = gui.puppeteers[0].neutral
    assert neutral is not None
    np.testing.assert_allclose(neutral.landmarks, gui.face.canonical, atol=1e-5)
    assert not w.card.isVisible()


def test_a_neutral_comes_back_with_its_camera_at_the_next_start(make_gui, tmp_path):
    settings = Settings(recording_folder=str(tmp_path))
    first = make_gui(settings)
    first.controller.context.services.neutrals.save("Me", "Front", neutral_from_face(A_FACE), (84, 84))
    gui = prepared(first.start())
    w = gui.window
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)
    np.testing.assert_allclose(gui.puppeteers[0].neutral.landmarks, A_FACE.canonical, atol=1e-6)
    gui.choose(w.source.box, "Back")  # has none
    gui.until(lambda: gui.controller.context.status.source == "Back")
    gui.until(lambda: "automatic guess" in w.user.state.text())
    assert not gui.puppeteers[0].neutral_is_captured
    gui.choose(w.source.box, "Front")
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)
    gui.press(Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)  # and is forgotten when it is given up
    gui.until(lambda: not gui.puppeteers[0].neutral_is_captured)
    gui.until(lambda: gui.controller.context.services.neutrals.load("Me", "Front") is None)


def test_everybody_has_a_neutral_of_their_own(gui, monkeypatch):
    w = prepared(gui).window
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)
    answers = iter(["x" * 99, "Ada"])
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: (next(answers), True))
    gui.choose(w.user.box, "Somebody else…")
    assert "1 to 40 characters" in gui.banners[-1]
    assert w.user.box.currentText() == "Me"
    gui.choose(w.user.box, "Somebody else…")
    assert w.user.box.currentText() == "Ada"
    gui.until(lambda: not gui.puppeteers[0].neutral_is_captured)
    assert (gui.saved[-1].user, gui.saved[-1].users) == ("Ada", ("Me", "Ada"))
    gui.choose(w.user.box, "Me")
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)


def test_a_video_is_calibrated_at_once(make_gui):
    gui = make_gui(sources=lambda spec: gui.camera("talk.mp4", live=False))
    gui.start("talk.mp4")
    gui.until(lambda: gui.controller.context.status.face_seen)
    assert not gui.window.user.isVisible()
    gui.press(Qt.Key.Key_C)
    gui.until(lambda: gui.puppeteers[0].neutral_is_captured)
    assert not gui.window.card.isVisible()

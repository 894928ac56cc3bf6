"""The sliders of the motion settings."""

from __future__ import annotations

from PyQt6.QtCore import Qt

from puppet.core.motion import MotionSettings
from puppet.engine.options import StepOptions


def test_sliders_begin_together(gui):
    left = [s.slider.mapTo(gui.window, s.slider.rect().topLeft()).x() for s in gui.window.motion.sliders.values()]
    assert len(left) == 6
    assert len(set(left)) == 1


def test_sliders_and_their_reset(gui):
    motion = gui.window.motion
    sliders = {name: slider.slider for name, slider in motion.sliders.items()}
    sliders["expression_gain"].setFocus()
    gui.qtbot.keyClick(sliders["expression_gain"], Qt.Key.Key_PageUp)
    assert gui.options.expression_gain == 1.1
    gui.qtbot.keyClick(sliders["smoothing"], Qt.Key.Key_Home)
    gui.qtbot.keyClick(sliders["pose_gain"], Qt.Key.Key_End)
    gui.qtbot.keyClick(sliders["mouth_gain"], Qt.Key.Key_PageDown)
    assert (gui.options.smoothing, gui.options.pose_gain, gui.options.mouth_gain) == (0.0, 2.0, 0.9)
    expected = MotionSettings(smoothing=0.0, expression_gain=1.1, mouth_gain=0.9, pose_gain=2.0)
    assert gui.controller.settings.motion == expected
    gui.click(motion.reset)
    assert gui.options == StepOptions()
    assert gui.controller.settings.motion == MotionSettings()


def test_a_double_click_resets_one_slider(gui):
    motion = gui.window.motion
    for name, where in (
        ("eyes_gain", motion.sliders["eyes_gain"].slider),
        ("brows_gain", motion.sliders["brows_gain"]),
    ):
        gui.qtbot.keyClick(motion.sliders[name].slider, Qt.Key.Key_Home)
        gui.qtbot.keyClick(motion.sliders["pose_gain"].slider, Qt.Key.Key_Home)
        assert (getattr(gui.options, name), gui.options.pose_gain) == (0.0, 0.0)
        gui.qtbot.mouseDClick(where, Qt.MouseButton.LeftButton)
        gui.qtbot.mouseRelease(where, Qt.MouseButton.LeftButton)  # else Qt sends later moves of the mouse here
        assert (getattr(gui.options, name), gui.options.pose_gain) == (1.0, 0.0)


def test_every_slider_can_be_reached_by_key_and_says_what_it_does(gui):
    names = set()
    for slider in gui.window.motion.sliders.values():
        assert slider.slider.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert slider.toolTip().endswith("Double-click: back to 50 %" if not names else "Double-click: back to 100 %")
        names.add(slider.slider.accessibleName())
    assert len(names) == 6

"""The context of the presenters: settings that are used, kept, or cannot be saved."""

from __future__ import annotations

from dataclasses import asdict

from PyQt6.QtCore import Qt

from puppet.core.motion import MotionSettings
from puppet.engine.options import StepOptions
from puppet.settings import Settings, WindowSettings


def test_settings_are_shown_used_and_kept(make_gui, tmp_path):
    chosen = Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=MotionSettings(smoothing=0.2, expression_gain=1.5, brows_gain=0.3, pose_gain=0.5),
    )
    gui = make_gui(chosen).start()
    w = gui.window
    assert {name: slider.value for name, slider in w.motion.sliders.items()} == asdict(chosen.motion)
    assert w.transport.mirror_output.isChecked()
    assert not w.driver_pane.mirrored
    assert gui.options == StepOptions(0.2, 1.5, brows_gain=0.3, pose_gain=0.5, mirror_output=True)
    gui.click(w.side.groups["motion"].heading)
    assert not w.motion.isVisible()
    w.resize(1234, 801)
    w.close()
    assert gui.saved[-1] == Settings(
        recording_folder=str(tmp_path),
        mirror_preview=False,
        mirror_output=True,
        motion=chosen.motion,
        window=WindowSettings(1234, 801, folded="motion"),
    )


def test_settings_that_cannot_be_saved_stop_nothing(gui):
    def fail(settings):
        raise OSError(28, "No space left on device")

    object.__setattr__(gui.controller.context.services, "save_settings", fail)
    gui.press(Qt.Key.Key_M)
    gui.until(lambda: gui.banners)
    assert "No space left on device" in gui.banners[0]
    assert not gui.window.driver_pane.mirrored
    assert gui.controller.shutdown() == ["The settings could not be saved: No space left on device"]

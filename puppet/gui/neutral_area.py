"""The user's neutral face, and how their motion reaches the actor."""

from __future__ import annotations

from dataclasses import replace

from puppet.engine import Status
from puppet.gui.area import Area, Desk
from puppet.settings import MotionSettings


class NeutralArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        desk.window.transport.calibrate_clicked.connect(self._calibrate)
        desk.window.transport.automatic_clicked.connect(self._uncalibrate)
        desk.window.motion.changed.connect(self._set_motion)
        desk.window.motion.show_values(desk.settings.motion)

    def show_status(self, status: Status) -> None:
        self.desk.window.transport.show_neutral(status.neutral_captured)

    def _calibrate(self) -> None:
        banners = self.desk.window.banners
        if not self.desk.status.face_seen:
            banners.say("calibrate", "No face is in view, so there is nothing to calibrate on.", "warning")
            return
        banners.dismiss("calibrate")
        self.desk.engine.capture_neutral()

    def _uncalibrate(self) -> None:
        self.desk.window.banners.dismiss("calibrate")
        self.desk.engine.reset_neutral()

    def _set_motion(self, motion: MotionSettings) -> None:
        self.desk.settings = replace(self.desk.settings, motion=motion)
        self.desk.send_options()  # kept at the end: a slider moves many times

"""The user's neutral face: guided, kept for each user and camera; and how their motion reaches the actor."""

from __future__ import annotations

from dataclasses import replace

from puppet.core.errors import PuppetError
from puppet.core.motion import MotionSettings
from puppet.core.types import Result
from puppet.engine.engine import Status
from puppet.face.calibration import GuidedCalibration
from puppet.face.neutral import Neutral
from puppet.face.neutral_store import StoredNeutral, checked_user
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Area, Desk


class NeutralArea(Area):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._guide: GuidedCalibration | None = None
        self._camera: str | None = None  # whose neutral has been looked for
        self._kept: StoredNeutral | None = None
        w = desk.window
        w.transport.calibrate_clicked.connect(self._calibrate)
        w.user.calibrate_clicked.connect(self._calibrate)
        w.transport.automatic_clicked.connect(self._uncalibrate)
        w.card.cancelled.connect(self._end)
        w.user.chosen.connect(self._choose_user)
        w.user.show_users(desk.settings.users, desk.settings.user)
        w.motion.changed.connect(self._set_motion)
        w.motion.show_values(desk.settings.motion)

    def show_result(self, result: Result, again: bool) -> None:
        if again:
            return
        if self._guide is None:
            self._look_for_kept()
            return
        progress = self._guide.update(result.frame, result.face)
        self.desk.window.card.show_progress(progress)
        if progress.neutral is not None:
            self._end()
            self._take(progress.neutral, result)

    def show_status(self, status: Status) -> None:
        w = self.desk.window
        w.transport.show_neutral(status.neutral_captured)
        w.side.groups["user"].setVisible(status.source_live)
        if not status.neutral_captured and self._kept is not None:
            words = translate(
                "puppet",
                "Another face is in view: its neutral is an automatic guess. Yours counts again when you are back.",
            )
        elif not status.neutral_captured:
            words = translate("puppet", "Not calibrated with this camera: the neutral face is an automatic guess.")
        elif self._kept is not None:
            words = translate("puppet", "Calibrated with this camera on {0}.").format(self._kept.made)
        else:
            words = translate("puppet", "Calibrated.")
        w.user.show_state(words)

    def source_changed(self, spec: str) -> None:
        self._end()
        self._camera = self._kept = None

    def _calibrate(self) -> None:
        """A camera is guided, also to begin anew; a film takes no advice."""
        desk = self.desk
        if desk.status.source_live:
            self._guide = GuidedCalibration()
            desk.window.show_card()
            desk.window.banners.dismiss("calibrate")
        elif not desk.status.face_seen:
            text = translate("puppet", "No face is in view, so there is nothing to calibrate on.")
            desk.window.banners.say("calibrate", text, "warning")
        else:
            desk.window.banners.dismiss("calibrate")
            desk.engine.capture_neutral()

    def _end(self) -> None:
        self._guide = None
        self.desk.window.hide_card()

    def _take(self, neutral: Neutral, result: Result) -> None:
        desk, camera, user = self.desk, self.desk.status.source, self.desk.settings.user
        size = result.frame.image.shape[1], result.frame.image.shape[0]
        desk.engine.set_neutral(neutral)
        self._camera = camera

        def keep() -> StoredNeutral | None:
            desk.services.neutrals.save(user, camera, neutral, size)
            return desk.services.neutrals.load(user, camera)

        desk.background.run("neutral", keep, self._show_kept, self._not_kept, awaited=True)
        desk.window.banners.say(
            "calibrate",
            translate("puppet", "Calibrated: this is {0}'s neutral face with {1} from now on.").format(user, camera),
        )

    def _show_kept(self, kept: StoredNeutral | None) -> None:
        self._kept = kept
        self.show_status(self.desk.status)

    def _not_kept(self, problem: Exception) -> None:
        self.desk.window.banners.say("calibrate", str(problem), "warning")

    def _look_for_kept(self) -> None:
        """Once for every camera: what was calibrated before."""
        desk, status = self.desk, self.desk.status
        if not status.source_live or status.source == self._camera:
            return
        camera, user = status.source, desk.settings.user
        self._camera = camera

        def bring(kept: StoredNeutral | None) -> None:
            if kept is not None and self._camera == camera and desk.result is not None:
                height, width = desk.result.frame.image.shape[:2]
                desk.engine.set_neutral(kept.for_size(width, height))
            self._show_kept(kept)

        desk.background.run("neutral", lambda: desk.services.neutrals.load(user, camera), bring)

    def _uncalibrate(self) -> None:
        desk, user, camera = self.desk, self.desk.settings.user, self.desk.status.source
        self._end()
        desk.window.banners.dismiss("calibrate")
        desk.engine.reset_neutral()
        self._kept = None
        if desk.status.source_live:
            desk.background.run("neutral", lambda: desk.services.neutrals.forget(user, camera), lambda _: None)

    def _choose_user(self, name: str) -> None:
        desk = self.desk
        try:
            name = checked_user(name)
        except PuppetError as problem:
            desk.window.banners.say("calibrate", str(problem), "warning")
            return
        if name == desk.settings.user:
            return
        users = tuple(dict.fromkeys((*desk.settings.users, name)))
        desk.remember(user=name, users=users)
        desk.window.user.show_users(users, name)
        desk.engine.forget_user()
        self.source_changed("")  # with the next picture, this user's neutral is looked for

    def _set_motion(self, motion: MotionSettings) -> None:
        self.desk.settings = replace(self.desk.settings, motion=motion)
        self.desk.send_options()  # kept at the end: a slider moves many times

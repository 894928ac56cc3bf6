"""The user's neutral face, kept for each user and camera, and the sliders of their motion."""

from __future__ import annotations

from dataclasses import replace

from puppet.core.errors import PuppetError
from puppet.core.motion import MotionSettings
from puppet.core.types import Result
from puppet.engine.status import Status
from puppet.face.calibration import GuidedCalibration
from puppet.face.neutral import Neutral
from puppet.face.neutral_store import StoredNeutral, checked_user
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext


class NeutralPresenter(Presenter):
    """Guides through the calibration, keeps its result, and finds it again when the camera is back."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._guide: GuidedCalibration | None = None
        self._camera: str | None = None  # for which a kept neutral has been looked for
        self._kept: StoredNeutral | None = None
        w = context.window
        w.transport.calibrate_clicked.connect(self._calibrate)
        w.user.calibrate_clicked.connect(self._calibrate)
        w.transport.automatic_clicked.connect(self._uncalibrate)
        w.card.cancelled.connect(self._end)
        w.user.chosen.connect(self._choose_user)
        w.user.show_users(context.settings.users, context.settings.user)
        w.motion.changed.connect(self._set_motion)
        w.motion.show_values(context.settings.motion)

    def show_result(self, result: Result, again: bool) -> None:
        if again:
            return
        if self._guide is None:
            self._look_for_kept()
            return
        progress = self._guide.update(result.frame, result.face)
        self.context.window.card.show_progress(progress)
        if progress.neutral is not None:
            self._end()
            self._take(progress.neutral, result)

    def show_status(self, status: Status) -> None:
        w = self.context.window
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
        """Begin the guided calibration (again) with a camera; take the neutral of a video at once."""
        context = self.context
        if context.status.source_live:
            self._guide = GuidedCalibration()
            context.window.show_card()
            context.window.banners.dismiss("calibrate")
        elif not context.status.face_seen:
            text = translate("puppet", "No face is in view, so there is nothing to calibrate on.")
            context.window.banners.say("calibrate", text, "warning")
        else:
            context.window.banners.dismiss("calibrate")
            context.engine.capture_neutral()

    def _end(self) -> None:
        self._guide = None
        self.context.window.hide_card()

    def _take(self, neutral: Neutral, result: Result) -> None:
        context, camera, user = self.context, self.context.status.source, self.context.settings.user
        size = result.frame.image.shape[1], result.frame.image.shape[0]
        context.engine.set_neutral(neutral)
        self._camera = camera

        def keep() -> StoredNeutral | None:
            context.services.neutrals.save(user, camera, neutral, size)
            return context.services.neutrals.load(user, camera)

        context.background.run("neutral", keep, self._show_kept, self._not_kept, awaited=True)
        context.window.banners.say(
            "calibrate",
            translate("puppet", "Calibrated: this is {0}'s neutral face with {1} from now on.").format(user, camera),
        )

    def _show_kept(self, kept: StoredNeutral | None) -> None:
        self._kept = kept
        self.show_status(self.context.status)

    def _not_kept(self, problem: Exception) -> None:
        self.context.window.banners.say("calibrate", str(problem), "warning")

    def _look_for_kept(self) -> None:
        """Load what was calibrated before, once for every camera."""
        context, status = self.context, self.context.status
        if not status.source_live or status.source == self._camera:
            return
        camera, user = status.source, context.settings.user
        self._camera = camera

        def use(kept: StoredNeutral | None) -> None:
            if kept is not None and self._camera == camera and context.result is not None:
                height, width = context.result.frame.image.shape[:2]
                context.engine.set_neutral(kept.for_size(width, height))
            self._show_kept(kept)

        context.background.run("neutral", lambda: context.services.neutrals.load(user, camera), use)

    def _uncalibrate(self) -> None:
        context, user, camera = self.context, self.context.settings.user, self.context.status.source
        self._end()
        context.window.banners.dismiss("calibrate")
        context.engine.reset_neutral()
        self._kept = None
        if context.status.source_live:
            context.background.run("neutral", lambda: context.services.neutrals.forget(user, camera), lambda _: None)

    def _choose_user(self, name: str) -> None:
        context = self.context
        try:
            name = checked_user(name)
        except PuppetError as problem:
            context.window.banners.say("calibrate", str(problem), "warning")
            return
        if name == context.settings.user:
            return
        users = tuple(dict.fromkeys((*context.settings.users, name)))
        context.remember(user=name, users=users)
        context.window.user.show_users(users, name)
        context.engine.forget_user()
        self.source_changed("")  # so that this user's neutral is looked for

    def _set_motion(self, motion: MotionSettings) -> None:
        self.context.settings = replace(self.context.settings, motion=motion)
        self.context.send_options()  # written at the end only: a slider moves many times

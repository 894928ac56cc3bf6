"""The outputs: their settings, pauses, clips, the microphone and the virtual camera."""

from __future__ import annotations

from pathlib import Path

from puppet.engine.status import Status
from puppet.gui.kit.past_messages import Action
from puppet.gui.kit.words import translate
from puppet.gui.presenters.base import Presenter, WindowContext
from puppet.output.settings import OutputSettings


class OutputPresenter(Presenter):
    """Between `Services.outputs` and the group Recording and calls."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self.panel = context.window.output
        self.outputs = context.services.outputs
        self.panel.show_settings(context.settings.output)
        self.panel.changed.connect(self._configure)
        self.panel.microphones_wanted.connect(self._list_microphones)
        context.window.transport.pause_clicked.connect(lambda on: self.outputs.pause(on))
        self.panel.clip_clicked.connect(self._clip)
        self.panel.camera_toggled.connect(self.outputs.show_camera)
        self.panel.folder_chosen.connect(self._use_folder)
        self.panel.show_folder(context.settings.folder())
        self._told: dict[str, str | None] = {}  # problems that last, by the key of their banner

    def start(self, source: str, actor: Path | None) -> None:
        self.context.engine.add_sink(self.outputs)
        self.context.background.run("codecs", self.outputs.codecs, self.panel.show_codecs)

    def show_status(self, status: Status) -> None:
        now = self.outputs.status()
        self.panel.show_status(now)
        self.context.window.transport.show_paused(now.paused)
        self.panel.show_latency(status.latency_ms)
        little = translate("puppet", "Little room is left for recordings. Free some space, or choose smaller files.")
        low = little if now.disk.low else None
        problems = {"disk": low, "microphone": now.microphone_problem, "virtual camera": now.camera_problem}
        for key, problem in problems.items():
            if problem != self._told.get(key):
                self._told[key] = problem
                if problem is None:
                    self.context.window.banners.dismiss(key)
                else:
                    self.context.window.banners.say(key, problem, "warning")

    def keep_up(self) -> None:
        level = self.outputs.level
        if level is not None:
            self.panel.show_level(level)

    def shutdown(self) -> list[str]:
        self.outputs.close()
        return []

    def _configure(self, settings: OutputSettings) -> None:
        self.outputs.configure(settings)
        self.context.remember(output=settings)

    def _use_folder(self, chosen: str) -> None:
        """Save to another folder from now on, if that works."""
        context, folder = self.context, Path(chosen)

        def use(_: None) -> None:
            context.window.banners.dismiss("folder")
            context.remember(recording_folder=chosen)
            self.panel.show_folder(folder)

        again = translate("puppet", "Choose…"), self.panel.choose_folder
        refused = self._tell("folder", again)
        context.background.run("folder", lambda: self.outputs.use_folder(folder), use, refused, awaited=True)

    def _list_microphones(self) -> None:
        self.context.background.run(
            "microphones", self.outputs.microphones, self.panel.show_microphones, self._tell("microphones")
        )

    def _clip(self, kind: str) -> None:
        context = self.context
        folder, actor = context.settings.folder(), context.actor_name()
        context.background.run(
            "clip",
            lambda: self.outputs.clip(folder, actor, kind),
            lambda path: context.say_saved("clip", translate("puppet", "Saved {0}").format(path.name), path),
            self._tell("clip"),
            awaited=True,
        )

    def _tell(self, key: str, action: Action | None = None):
        return lambda problem: self.context.window.banners.say(key, str(problem), "error", action)

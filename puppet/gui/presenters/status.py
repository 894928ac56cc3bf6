"""The engine's status: the status line, and a banner for every problem."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP

from puppet.core.providers import LABELS
from puppet.core.types import Result
from puppet.engine.status import Origin, Phase, Status
from puppet.gui.kit.plain_text import set_tip
from puppet.gui.kit.words import decimal, translate
from puppet.gui.presenters.base import Presenter, WindowContext

DEMO_CLIP = QT_TRANSLATE_NOOP("puppet", "the demo clip")
CONFIDENT = 0.5  # share of full confidence from which the automatic neutral counts as learned


class StatusPresenter(Presenter):
    """Shows the status line, and each problem once, unless another presenter tells it."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self._told: set[int] = set()  # serials of problems that have had their banner
        self._up: dict[Origin, int] = {}  # origin -> serial of the problem whose banner is shown
        self._notice_told: str | None = None

    def show_result(self, result: Result, again: bool) -> None:
        if not again:
            self.context.window.status_line.range.show_value(result.out_of_domain)

    def show_status(self, status: Status) -> None:
        self._show_problems(status)
        w, line = self.context.window, self.context.window.status_line
        line.state.setText(state_in_words(status))
        line.neutral.setText(translate("puppet", "Neutral: {0}").format(neutral_in_words(status)))
        line.dropped.setText(translate("puppet", "{0} dropped").format(status.dropped))
        seen = w.pictures.isVisible()  # elsewhere nothing is painted, and the last figure is old
        latency = (w.actor_pane.latency_ms or w.driver_pane.latency_ms) if seen else 0.0
        line.latency.setText(
            translate("puppet", "{0:.0f} ms").format(latency) if latency else translate("puppet", "– ms")
        )
        line.fps.setText(translate("puppet", "{0:.0f} fps").format(status.output_fps))
        set_tip(
            line.fps, translate("puppet", "Pictures per second; the source gives {0:.0f}").format(status.capture_fps)
        )
        set_tip(line.latency, stages_in_words(status, latency))
        self._show_provider(status)
        line.fit()

    def _show_provider(self, status: Status) -> None:
        line = self.context.window.status_line
        first = status.providers[0] if status.providers else None
        line.provider.setText(LABELS.get(first, first) if first else "")
        notice = status.provider_notice
        set_tip(line.provider, notice or translate("puppet", "What computes the actor's pictures"))
        line.show_alert(line.provider, notice is not None)
        if notice != self._notice_told:
            self._notice_told = notice
            if notice is None:
                self.context.window.banners.dismiss("provider")
            else:
                self.context.window.banners.say(
                    "provider", translate("puppet", "{0}. The actor is slower on the CPU.").format(notice), "warning"
                )

    def _show_problems(self, status: Status) -> None:
        """Show a banner for every new problem; it goes when the problem does, or when the user dismisses it."""
        standing = {problem.origin: problem for problem in status.problems}
        for origin, serial in list(self._up.items()):
            if origin not in standing or standing[origin].serial != serial:
                del self._up[origin]
                self.context.window.banners.dismiss(origin)
        for problem in status.problems:
            if any(is_told(problem) for is_told in self.context.told_elsewhere):
                continue
            if problem.serial not in self._told:
                self._told.add(problem.serial)
                self._up[problem.origin] = problem.serial
                self.context.window.banners.say(problem.origin, problem.message, "error")


def state_in_words(status: Status) -> str:
    """What the engine is doing with its source, in a few words."""
    name = translate("puppet", DEMO_CLIP) if status.source in ("demo", "demo.mp4") else status.source
    return {
        Phase.STARTING: translate("puppet", "Opening {0}…").format(name),
        Phase.RUNNING: translate("puppet", "Live: {0}").format(name)
        if status.source_live
        else translate("puppet", "Playing {0}").format(name),
        Phase.RECONNECTING: translate("puppet", "Waiting for {0} to come back…").format(name),
        Phase.STOPPED: translate("puppet", "Stopped"),
        Phase.FAILED: translate("puppet", "Stopped by an error"),
        Phase.ENDED: translate("puppet", "{0} has ended").format(name),
    }[status.phase]


def still_learning(status: Status) -> bool:
    """Whether the neutral is an automatic guess with little confidence yet."""
    return not status.neutral_captured and status.neutral_confidence < CONFIDENT


def neutral_in_words(status: Status) -> str:
    """Where the neutral face comes from, in one or two words."""
    if status.neutral_captured:
        return translate("puppet", "captured")
    return translate("puppet", "still learning") if still_learning(status) else translate("puppet", "automatic")


def stages_in_words(status: Status, latency: float) -> str:
    """Milliseconds of every stage, one a line. latency: ms from camera to screen, 0 when unknown."""
    lines = [
        translate("puppet", "{0:.0f} ms from camera to screen").format(latency)
        if latency
        else translate("puppet", "From camera to screen")
    ]
    lines += [
        translate("puppet", "{0}: {1} ms (95 % under {2})").format(stage, decimal(p["p50"]), decimal(p["p95"]))
        for stage, p in status.stages.items()
    ]
    return "\n".join(lines)


def timings_in_words(status: Status, latency: float) -> str:
    """Lines of "name<tab>value" for the overlay: median of every stage, latency to the screen, pictures a second."""
    lines = [f"{stage}\t{decimal(p['p50'])} ms" for stage, p in status.stages.items()]
    lines.append(
        translate("puppet", "to the screen\t{0:.0f} ms").format(latency)
        if latency
        else translate("puppet", "to the screen\t–")
    )
    return "\n".join([*lines, translate("puppet", "pictures\t{0:.0f} a second").format(status.output_fps)])

"""The live run of `puppet bench` in the real window: how old a frame is when it has been painted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puppet.commands.bench_measure import LIVE_FPS, MemorySource, Usage
from puppet.commands.display import prepare_qt
from puppet.commands.services import build_engine_for, window_services
from puppet.core.errors import PuppetError
from puppet.core.trackers import TRACKER
from puppet.gui.bench_probe import FlashSource, Stopwatch, after
from puppet.gui.controller import Controller
from puppet.gui.kit.application import make_application
from puppet.gui.main_window import MainWindow
from puppet.process.signals import closing, raise_if_terminated
from puppet.settings import Settings

if TYPE_CHECKING:
    from puppet.actor.runtime import Actor
    from puppet.core.types import Image

WARM_UP = 3.0  # s at the start that do not count; twice as long as for the engine alone


def bench_in_window(
    actor: Actor,
    clip: Sequence[Image],
    seconds: float,
    flash: bool,
    others: Sequence[Actor] = (),
    tracker: str = TRACKER.default,
) -> dict[str, Any]:
    """Play `clip` at 30 frames a second in the real window: the figures of `Stopwatch`, and drops and cpu.

    Nothing of the user's settings is read or written. Raises PuppetError when the engine fails.
    """
    prepare_qt()
    application = make_application()
    flashes = FlashSource() if flash else None
    source = MemorySource(clip, LIVE_FPS, flashes.paint_over if flashes else None)
    engine = build_engine_for(actor, lambda _: source, others=others, tracker=tracker)
    window = MainWindow()
    controller = Controller(engine, window, Settings(), window_services(lambda settings: None, Settings()))
    stopwatch, usage = Stopwatch(window, flashes), Usage()
    engine.add_sink(stopwatch)
    dropped = 0

    def begin() -> None:
        nonlocal dropped
        usage.begin()
        stopwatch.warm, dropped = time.perf_counter(), engine.status().dropped
        after(window, seconds, end)

    def end() -> None:
        nonlocal dropped
        usage.end()
        dropped = engine.status().dropped - dropped
        window.close()

    window.show()
    try:
        with closing(window.close) as came:
            controller.start(source.name, Path(f"{actor.name}.actor"))
            after(window, WARM_UP, begin)
            application.exec()
        problem = engine.status().error
    finally:
        window.hide()
        controller.shutdown()
        engine.stop()
        window.deleteLater()
    raise_if_terminated(came)
    if problem is not None:
        raise PuppetError(problem)
    return stopwatch.figures() | {"drops": dropped, "cpu": usage.cpu}

"""Drags one attribute slider of the real window while the demo plays, and saves a picture of the window.

    xvfb-run -a python -m docs.slide ACTOR ATTRIBUTE AMOUNT OUT.png

What a user does by hand in `puppet run --source demo --actor ACTOR`; amounts are -4 .. 4 standard deviations.
"""

from __future__ import annotations

import sys
from pathlib import Path

from puppet.commands.display import forget_opencv_plugins
from puppet.commands.window import run_window

FRAMES = 75  # pictures of the actor until the window's picture


def main(actor: str, attribute: str, amount: float, out: Path) -> int:
    """Exit code. SystemExit when the actor file has no such attribute."""
    forget_opencv_plugins()
    from PyQt6.QtCore import QTimer

    from puppet.gui.kit.application import make_application
    from puppet.gui.main_window import MainWindow

    application = make_application()
    timer = QTimer()
    moved: list[str] = []

    def drag() -> None:
        for window in application.topLevelWidgets():
            if isinstance(window, MainWindow) and attribute in window.live.latent.attributes.sliders:
                timer.stop()
                window.side.fold(key for key in window.side.groups if key != "latent")
                window.live.latent.attributes.sliders[attribute].moved.emit(amount)
                moved.append(attribute)

    timer.timeout.connect(drag)
    timer.start(50)
    code = run_window("demo", actor, None, FRAMES, out)
    if not moved:
        raise SystemExit(f"{actor}: its file holds no attribute {attribute}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4])))

"""The wheel scrolls; it changes a value only where the control has the focus."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QComboBox, QSlider, QSpinBox
from x_screen import Screen

from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.explorer.sigma_slider import SigmaSlider

ROOT = Path(__file__).resolve().parents[4]


def turn(widget, notches=-1):
    """The wheel over the middle of a widget; whether the widget took it, otherwise it is its parent's."""
    place = QPointF(widget.rect().center())
    event = QWheelEvent(
        place,
        widget.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def value_of(control):
    return control.currentIndex() if isinstance(control, QComboBox) else control.value()


def within(root):
    return [
        c for kind in (QComboBox, QSlider, QSpinBox) for c in root.findChildren(kind) if c.isVisible() and c.isEnabled()
    ]


@pytest.mark.parametrize("notches", [-1, 1])
def test_no_control_turns_under_the_pointer(gui, qtbot, notches):
    gui.window.setFocus()
    explorer = ExplorerWidget()
    qtbot.addWidget(explorer)
    explorer.show()
    slider = SigmaSlider("Smile")
    qtbot.addWidget(slider)
    slider.show()
    for root, least in ((gui.window, 15), (explorer, 2), (slider, 1)):
        controls = within(root)
        assert len(controls) >= least
        before = [value_of(control) for control in controls]
        for control in controls:
            control.clearFocus()
            assert not turn(control, notches)
            assert control.focusPolicy() == Qt.FocusPolicy.StrongFocus  # the wheel gives none
        assert [value_of(control) for control in controls] == before


@pytest.mark.parametrize(("name", "notches"), [("motion", -1), ("motion", 1), ("quality", 1), ("pre_roll", 1)])
def test_the_wheel_changes_the_control_that_has_the_focus(gui, name, notches):
    control = (
        gui.window.motion.sliders["expression_gain"].slider if name == "motion" else getattr(gui.window.output, name)
    )
    control.setFocus()
    gui.until(control.hasFocus)
    before = value_of(control)
    assert turn(control, notches)
    assert value_of(control) != before


PANEL = """
import sys
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from puppet.gui.kit.application import make_application
from puppet.gui.kit.side_panel import SidePanel
from puppet.gui.live.output_panel import OutputPanel

application = make_application()
panel, inside = SidePanel(), OutputPanel()
inside.changed.connect(lambda settings: print("changed", flush=True))
for n in range(3):
    panel.add_group(str(n), "Recording", inside if n == 0 else QWidget())
panel.setFixedHeight(300)
panel.move(0, 0)
bar = panel.verticalScrollBar()
bar.valueChanged.connect(lambda value: print("scrolled", value, bar.maximum(), flush=True))
panel.show()
print("shown", flush=True)
sys.exit(application.exec())
"""


def test_a_real_wheel_over_a_real_panel_changes_nothing(display):
    env = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
    program = subprocess.Popen(
        [sys.executable, "-c", PANEL],
        env=env | {"DISPLAY": display, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    screen = Screen(display)
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "shown\n"
        places = []
        while not places or places[-1][0] < places[-1][1]:  # until the end, over whatever comes under the pointer
            screen.move(200, 100 + 7 * (len(places) % 20))
            screen.scroll()
            word, *place = program.stdout.readline().split()
            assert word == "scrolled", word
            places.append(tuple(map(int, place)))
    finally:
        screen.close()
        program.kill()
        program.communicate(timeout=60)
    assert len(places) > 5

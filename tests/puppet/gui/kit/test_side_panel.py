"""Groups of controls that can be folded."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel


def test_groups_fold_by_key_and_say_so(gui):
    side = gui.window.side
    late = QLabel("late")
    side.fold(["late"])
    group = side.add_group("late", "Late", late)
    assert side.folded == ["late"]
    assert not late.isVisible()
    assert group.heading.accessibleDescription() == "folded"
    gui.until(group.isVisible)
    group.heading.setFocus()
    gui.qtbot.keyClick(group.heading, Qt.Key.Key_Space)
    assert late.isVisible()
    assert (side.folded, group.heading.accessibleDescription()) == ([], "open")

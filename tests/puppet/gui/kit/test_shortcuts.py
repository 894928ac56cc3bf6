"""The table of keys, and the dialog that lists them."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from puppet.gui.kit.shortcuts import SHORTCUTS


def test_the_table_of_keys_makes_the_keys_and_the_sheet(gui):
    keys = [key for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))
    assert {shortcut.command for shortcut in SHORTCUTS} == set(gui.window.commands)
    gui.press(Qt.Key.Key_F1)
    sheet = gui.window.sheet
    assert sheet is not None
    assert sheet.isVisible()
    words = {label.text() for label in sheet.findChildren(QLabel)}
    for shortcut in SHORTCUTS:
        assert {shortcut.words, *shortcut.keys} <= words
    sheet.close()
    gui.click(gui.window.help_button)
    assert sheet.isVisible()


def test_the_question_mark_opens_the_sheet(gui):
    gui.qtbot.keyClick(gui.window, "?")
    gui.until(lambda: gui.window.sheet is not None and gui.window.sheet.isVisible())

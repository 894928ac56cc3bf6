"""Messages over the page's edge."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QDesktopServices, QEnterEvent
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton

from puppet.gui.kit import banners


@pytest.fixture
def quick(monkeypatch):
    """Plain news leaves after 0.2 s."""
    monkeypatch.setattr(banners, "NEWS_MS", 200)


def places(gui):
    w = gui.window
    return [widget.mapTo(w, QPoint()) for widget in (w.transport.record, w.pictures, w.side, w.source)]


def in_sight(gui):
    return [banner.text for banner in gui.window.banners.banners if banner.isVisible()]


def test_messages_move_nothing_and_lie_over_the_lower_right_edge(gui):
    before, size, least = places(gui), gui.window.pictures.size(), gui.window.minimumSizeHint()
    for n in range(5):
        gui.window.banners.say(str(n), f"message {n} " + "with many words " * 12, "error")
    gui.qtbot.wait(50)
    assert (places(gui), gui.window.pictures.size(), gui.window.minimumSizeHint()) == (before, size, least)
    stack, over = gui.window.banners, gui.window.centralWidget()
    assert stack.geometry().right() == over.width() - banners.EDGE - 1
    assert stack.geometry().bottom() == over.height() - banners.EDGE - 1
    assert over.rect().contains(stack.geometry())


def test_the_newest_comes_first_and_only_so_many_are_in_sight(gui):
    stack = gui.window.banners
    for n in range(5):
        stack.say(str(n), f"message {n}", "error")
    assert gui.banners == [f"message {n}" for n in (4, 3, 2, 1, 0)]
    assert in_sight(gui) == ["message 4", "message 3", "message 2"]
    gui.qtbot.wait(50)
    tops = [banner.y() for banner in stack.banners[:3]]
    assert tops == sorted(tops)
    stack.say("3", "message 3 again", "error")
    assert in_sight(gui) == ["message 3 again", "message 4", "message 2"]
    gui.click(stack.banners[0].close_button)
    assert in_sight(gui) == ["message 4", "message 2", "message 1"]


def test_plain_news_leaves_by_itself_and_errors_stay(gui, quick):
    stack = gui.window.banners
    stack.say("error", "the disk is full", "error")
    stack.say("warning", "the light is poor", "warning")
    stack.say("ended", "talk.mp4 has ended", stays=True)
    stack.say("news", "Saved take.mp4")
    assert gui.banners[0] == "Saved take.mp4"
    gui.until(lambda: "Saved take.mp4" not in gui.banners)
    gui.qtbot.wait(400)
    assert gui.banners == ["talk.mp4 has ended", "the light is poor", "the disk is full"]


def test_news_under_the_mouse_waits(gui, quick):
    banner = gui.window.banners.say("news", "Saved take.mp4")
    at = QPointF(5, 5)
    QApplication.sendEvent(banner, QEnterEvent(at, at, at))
    gui.qtbot.wait(500)
    assert gui.banners == ["Saved take.mp4"]
    gui.qtbot.mouseMove(gui.window.tabs)
    QApplication.sendEvent(banner, banners.QEvent(banners.QEvent.Type.Leave))
    gui.until(lambda: gui.banners == [])


def test_past_messages_are_listed_with_what_can_still_be_done(gui, quick):
    done = []
    stack = gui.window.banners
    stack.say("saved", "Saved take.mp4", action=("Open folder", lambda: done.append("opened")))
    stack.say("solved", "no camera", "error", ("Try again", lambda: done.append("tried")))
    stack.dismiss("solved")
    gui.until(lambda: gui.banners == [])
    stack.say("standing", "the disk is full", "error")
    gui.click(gui.window.messages_button)
    dialog = stack.past_list
    gui.until(dialog.isVisible)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    listed = [text for text in texts if "full" in text or "camera" in text or "Saved" in text]
    assert listed == ["⚠ the disk is full", "⚠ no camera", "Saved take.mp4"]
    assert gui.banners == []  # it has been read
    (button,) = [b for b in dialog.findChildren(QPushButton) if b.text() in ("Open folder", "Try again")]
    gui.click(button)
    assert done == ["opened"]
    assert not dialog.isVisible()
    gui.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    gui.until(dialog.isVisible)


def test_full_screen_shows_none_and_news_waits_until_it_can_be_seen(gui, quick):
    gui.press(Qt.Key.Key_F11)
    gui.until(gui.window.isFullScreen)
    gui.window.banners.say("news", "Saved take.mp4")
    gui.window.banners.say("error", "the disk is full", "error")
    gui.qtbot.wait(500)
    assert in_sight(gui) == []
    assert gui.banners == ["the disk is full", "Saved take.mp4"]
    gui.press(Qt.Key.Key_F11)
    gui.until(lambda: in_sight(gui)[:1] == ["the disk is full"])
    gui.until(lambda: gui.banners == ["the disk is full"])


def test_a_text_that_is_too_long_for_its_place_is_whole_in_the_list(gui):
    text = "leftovers " * 200
    banner = gui.window.banners.say("long", text, "error")
    assert banner.height() < gui.window.height() / 2
    gui.window.banners.show_past()
    labels = gui.window.banners.past_list.findChildren(QLabel)
    assert any(text.strip() in label.text() for label in labels)


def test_a_folder_that_no_program_shows_is_told(gui, monkeypatch, tmp_path):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    take = tmp_path / "take.mp4"
    gui.controller.context.say_saved("take", "Saved take.mp4", take)
    gui.click(gui.window.banners.banners[0].button)
    (told,) = [banner for banner in gui.window.banners.banners if "No program was found" in banner.text]
    assert str(take) in told.text
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    gui.click(told.button)
    assert clipboard.text() == str(take)

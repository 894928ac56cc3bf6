"""Pages, keys and colours of the main window."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPalette
from PyQt6.QtWidgets import QLabel

from puppet.gui.explorer.style import explorer_style
from puppet.gui.kit import theme
from puppet.gui.kit.theme import PICTURE_BACKGROUND
from puppet.gui.main_window import SETTLED_MS
from puppet.settings import load_settings, save_settings


def test_full_screen(gui):
    gui.press(Qt.Key.Key_F11)
    gui.until(gui.window.isFullScreen)
    gui.press(Qt.Key.Key_F11)
    gui.until(lambda: not gui.window.isFullScreen())


def test_the_system_s_scheme_is_followed_while_the_window_is_open(make_gui, qapp):
    gui = make_gui().start(actor=None)
    w, hints, before = gui.window, qapp.styleHints(), qapp.palette()
    gui.window.show_page("explore")
    explorer = gui.controller.latent.explorer
    try:
        for colours, scheme in ((theme.DARK, Qt.ColorScheme.Dark), (theme.LIGHT, Qt.ColorScheme.Light)):
            hints.colorSchemeChanged.emit(scheme)  # as Qt does: first this,
            qapp.setPalette(theme.palette_of(colours))  # then its palette
            gui.until(lambda colours=colours: colours.window in w.styleSheet())
            assert w.palette().color(QPalette.ColorRole.Window).name() == colours.window
            gui.until(lambda colours=colours: explorer.styleSheet() == explorer_style(colours))
            assert w.grab().toImage().pixelColor(2, w.height() // 2).name() == colours.window
    finally:
        qapp.setPalette(before)


def test_pages_are_tabs_with_keys_and_keep_their_keys_to_themselves(gui):
    w = gui.window
    other = QLabel("another page")
    w.add_page("other", "Other", other)
    shown = []
    w.page_shown.connect(shown.append)
    assert w.page == "live"
    gui.press(Qt.Key(Qt.Key.Key_0 + w.tabs.count()), Qt.KeyboardModifier.ControlModifier)
    gui.until(other.isVisible)
    assert (w.page, shown) == ("other", ["other"])
    assert not w.driver_pane.isVisible()
    gui.press(Qt.Key.Key_R)  # belongs to the live page
    assert gui.takes == []
    gui.press(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    gui.until(w.driver_pane.isVisible)
    gui.press(Qt.Key.Key_R)
    assert len(gui.takes) == 1
    w.show_page("nothing of that name")
    assert w.page == "live"


def test_only_the_pictures_fill_the_full_screen(gui):
    w = gui.window
    gui.click(w.view.full_screen)
    gui.until(w.isFullScreen)
    gui.until(lambda: w.pictures.height() > w.height() - 30)
    for widget in (w.tabs, w.side, w.transport, w.source, w.actor, w.status_line, w.help_button):
        assert not widget.isVisible(), widget
    between = w.pictures.grab().toImage().pixelColor(w.pictures.width() // 2, w.pictures.height() // 2)
    assert between.name() == PICTURE_BACKGROUND
    gui.press(Qt.Key.Key_R)  # keys go on working
    assert len(gui.takes) == 1
    gui.press(Qt.Key.Key_Escape)
    gui.until(lambda: not w.isFullScreen())
    assert w.transport.isVisible()
    gui.qtbot.mouseDClick(w.pictures, Qt.MouseButton.LeftButton)
    gui.qtbot.mouseRelease(w.pictures, Qt.MouseButton.LeftButton)  # else Qt sends later moves of the mouse here
    gui.until(w.isFullScreen)


def test_a_window_that_is_closed_while_maximised_keeps_its_normal_size(make_gui, tmp_path):
    gui = make_gui().start()
    gui.until(lambda: gui.window.width() == 1100)
    gui.qtbot.wait(2 * SETTLED_MS)
    gui.window.windowHandle().setWindowStates(Qt.WindowState.WindowMaximized)  # as a window manager does
    gui.until(gui.window.isMaximized)
    gui.until(lambda: gui.window.width() != 1100)
    gui.window.close()
    shape = gui.saved[-1].window
    assert (shape.width, shape.height, shape.maximised) == (1100, 720, True)
    path = tmp_path / "settings.json"
    save_settings(gui.saved[-1], path)
    assert load_settings(path) == (gui.saved[-1], [])


def test_a_window_that_starts_maximised_keeps_the_size_it_had_before(make_gui):
    gui = make_gui()
    gui.window.showMaximized()
    gui.start()
    gui.window.showMaximized()
    gui.window.close()
    shape = gui.saved[-1].window
    assert (shape.width, shape.height) == (1100, 720)

"""Messages above the pictures, which block nothing and stay until they are dismissed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.words import translate

WARNING = "⚠"  # the colour alone would not be seen by everybody
MOST = 3  # banners at a time; the oldest goes

Kind = Literal["notice", "warning", "error"]
Action = tuple[str, Callable[[], None]]  # text of a button, and what a click on it does


class Banner(QFrame):
    """One message, with a button where there is an action, and one that dismisses it."""

    def __init__(self, text: str, kind: Kind, action: Action | None = None) -> None:
        super().__init__()
        self.text = text
        self.kind = kind
        self.setProperty("role", "banner")
        self.setProperty("kind", kind)
        label = Label(text if kind == "notice" else f"{WARNING} {text}")
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(text)
        self.button: QPushButton | None = None
        self.close_button = QPushButton("✕")
        self.close_button.setProperty("role", "round")
        self.close_button.setAccessibleName(translate("puppet", "Dismiss message"))
        set_tip(self.close_button, translate("puppet", "Dismiss this message"))
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(label, 1)
        if action is not None:
            self.button = QPushButton(action[0])
            self.button.clicked.connect(lambda: action[1]())
            row.addWidget(self.button)
        row.addWidget(self.close_button)


class BannerStack(QWidget):
    """The banners that are shown, newest below; one with the key of another takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self._banners: dict[str, Banner] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.hide()

    @property
    def banners(self) -> list[Banner]:
        """Those that are shown, oldest first."""
        return list(self._banners.values())

    def say(self, key: str, text: str, kind: Kind = "notice", action: Action | None = None) -> Banner:
        """Show a message in place of the one that has this key."""
        self.dismiss(key)
        while len(self._banners) >= MOST:
            self.dismiss(next(iter(self._banners)))
        banner = Banner(text, kind, action)
        banner.close_button.clicked.connect(lambda: self.dismiss(key))
        self._banners[key] = banner
        self._layout.addWidget(banner)
        self.show()
        return banner

    def dismiss(self, key: str) -> None:
        """Remove the message that has this key, if there is one."""
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._layout.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self.setVisible(bool(self._banners))


def open_folder(path: Path) -> Action:
    """The action that shows the folder of a file in the system's file manager."""

    def show() -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    return translate("puppet", "Open folder"), show

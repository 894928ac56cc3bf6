"""Messages above the pictures: they block nothing and go when dismissed."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.words import translate

WARNING = "⚠"  # the colour alone would not be seen by everybody
MOST = 3  # banners at a time; the oldest goes


class Banner(QFrame):
    """One message. kind: "notice", "warning" or "error". action: (words on a button, what it does)."""

    def __init__(self, text: str, kind: str, action: tuple[str, Callable[[], None]] | None = None) -> None:
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
    """The banners that are up, newest below. A banner with the key of another takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self._banners: dict[str, Banner] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.hide()

    @property
    def banners(self) -> list[Banner]:
        return list(self._banners.values())

    def say(
        self, key: str, text: str, kind: str = "notice", action: tuple[str, Callable[[], None]] | None = None
    ) -> Banner:
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
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._layout.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self.setVisible(bool(self._banners))

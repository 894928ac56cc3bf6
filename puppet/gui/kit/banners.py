"""Messages at the lower right edge of a window, over its page: they move nothing and block nothing.

Plain news leaves by itself; warnings and errors stay until they are dismissed, or read in the list of past messages.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QEnterEvent, QGuiApplication, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from puppet.gui.kit.past_messages import Action, Kind, Message, PastMessages, marked
from puppet.gui.kit.plain_text import Label, set_tip
from puppet.gui.kit.words import translate

NEWS_MS = 6000  # plain news leaves after it was seen so long
MOST = 3  # banners in sight at a time; the newest
MOST_PAST = 50  # messages that are remembered
LONGEST = 300  # characters of a text in a banner; the list has all of it
EDGE, GAP = 16, 6  # px
WIDTH, WIDEST = 328, 46  # px, and average characters where letters are large


class Banner(QFrame):
    """One message, with a button where there is an action, and one that dismisses it.

    life: ms in sight after which `over` is emitted; 0: it stays. Time under the mouse does not count.
    """

    over = pyqtSignal()

    def __init__(self, text: str, kind: Kind, action: Action | None = None, life: int = 0) -> None:
        super().__init__()
        self.text = text
        self.kind = kind
        self._life = QTimer(self)
        self._life.setSingleShot(True)
        self._life.setInterval(life)
        self._life.timeout.connect(self.over)
        self.setProperty("role", "banner")
        self.setProperty("kind", kind)
        label = Label(marked(text if len(text) <= LONGEST else f"{text[:LONGEST]}…", kind))
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
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._count_down()

    def hideEvent(self, a0: QHideEvent | None) -> None:
        super().hideEvent(a0)
        self._life.stop()

    def enterEvent(self, event: QEnterEvent | None) -> None:
        self._life.stop()

    def leaveEvent(self, a0: QEvent | None) -> None:
        self._count_down()

    def _count_down(self) -> None:
        if self._life.interval():
            self._life.start()


class BannerStack(QWidget):
    """The banners that stand, newest first, over the lower right of a widget; one with the key of another replaces it.

    So many as there is room for are in sight, at most MOST.
    """

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._banners: dict[str, Banner] = {}
        self._past: list[Message] = []
        self._held = self._placing = False
        self._list: PastMessages | None = None
        self._more = QPushButton()
        self._more.setProperty("role", "banner")
        set_tip(self._more, translate("puppet", "Show all messages"))
        self._more.setAccessibleName(translate("puppet", "Show all messages"))
        self._more.clicked.connect(self.show_past)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP)
        self._layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignRight)
        over.installEventFilter(self)
        self.hide()

    @property
    def banners(self) -> list[Banner]:
        """Those that stand, newest first."""
        return list(reversed(self._banners.values()))

    @property
    def past(self) -> list[Message]:
        """What was said, newest first, whether it still stands or not."""
        return list(reversed(self._past))

    @property
    def past_list(self) -> PastMessages:
        """The dialog that lists what was said, made when it is first wanted."""
        if self._list is None:
            self._list = PastMessages(self._over)
        return self._list

    def say(
        self, key: str, text: str, kind: Kind = "notice", action: Action | None = None, stays: bool = False
    ) -> Banner:
        """Show a message in place of the one that has this key. stays: also news stays until it is dismissed."""
        self.dismiss(key)
        banner = Banner(text, kind, action, 0 if stays or kind != "notice" else NEWS_MS)
        banner.close_button.clicked.connect(lambda: self._remove(key))
        banner.over.connect(lambda: self._remove(key))
        self._banners[key] = banner
        self._past = [one for one in self._past if (one.key, one.text) != (key, text)][1 - MOST_PAST :]
        self._past.append(Message(key, text, kind, action))
        self._layout.insertWidget(0, banner)
        self._place()
        return banner

    def dismiss(self, key: str) -> None:
        """Remove the message that has this key, if there is one: it is no longer so, nor can its action be done."""
        if key in self._banners:
            self._past = [one.without_action() if one.key == key else one for one in self._past]
            self._remove(key)

    def show_past(self) -> None:
        """Open the list of what was said; what stands has been read then."""
        for key in list(self._banners):
            self._remove(key)
        self.past_list.show_messages(self.past)

    def open_folder(self, path: Path) -> Action:
        """The action that shows the folder of a file in the system's file manager, or says that there is none."""

        def show() -> None:
            self.dismiss("folder of a file")
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
                words = translate("puppet", "No program was found that shows folders. The file is {0}").format(path)
                self.say("folder of a file", words, "warning", (translate("puppet", "Copy its path"), copy))

        def copy() -> None:
            clipboard = QGuiApplication.clipboard()
            if clipboard is not None:
                clipboard.setText(str(path))
            self.say("folder of a file", translate("puppet", "Copied: {0}").format(path))

        return translate("puppet", "Open folder"), show

    def hold(self, held: bool) -> None:
        """Keep the messages out of sight, or show them again; news waits to be seen."""
        self._held = held
        self._place()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a0 is self._over and a1.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(a0, a1)

    def event(self, a0: QEvent | None) -> bool:
        done = super().event(a0)
        if a0 is not None and a0.type() == QEvent.Type.LayoutRequest:
            self._place()
        return done

    def _remove(self, key: str) -> None:
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._layout.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
            self._place()

    def _place(self) -> None:
        """Show what there is room for, and stand at the edge."""
        if self._placing:
            return
        self._placing = True
        banners = self.banners
        width = max(WIDTH, WIDEST * self.fontMetrics().averageCharWidth())
        width = min(width, self._over.width() - 2 * EDGE)
        seen, height = min(MOST, len(banners)), 0
        while seen:
            for number, banner in enumerate(banners):
                banner.setVisible(number < seen)
            self._more.setVisible(seen < len(banners))
            self._more.setText(translate("puppet", "{0} more").format(len(banners) - seen))
            height = max(self._layout.totalHeightForWidth(width), self._layout.totalMinimumSize().height())
            if height <= self._over.height() - 2 * EDGE or seen == 1:
                break
            seen -= 1
        self.setGeometry(self._over.width() - EDGE - width, self._over.height() - EDGE - height, width, height)
        self.setVisible(seen > 0 and not self._held)
        self.raise_()
        self._placing = False

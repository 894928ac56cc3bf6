"""A row of widgets that goes on in further rows where there is no room for all of them."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Widgets from left to right and in rows below each other, each as large as it wants to be, but not wider than all.

    gap: px between them. What is added after `add_spring` stands at the right where it fits into the first row.
    """

    def __init__(self, gap: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)
        self._items: list[QLayoutItem] = []
        self._spring = -1  # before the item of that number

    def add_spring(self) -> None:
        """Put what comes next at the right."""
        self._spring = len(self._items)

    def addItem(self, a0: QLayoutItem | None) -> None:
        if a0 is not None:
            self._items.append(a0)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, a0: int) -> int:
        return self._arrange(QRect(0, 0, a0, 0), move=False)

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def setGeometry(self, a0: QRect) -> None:
        super().setGeometry(a0)
        self._arrange(a0, move=True)

    def _arrange(self, area: QRect, move: bool) -> int:
        """The height that all rows need in px, after moving the widgets there if asked."""
        rows: list[list[tuple[int, QLayoutItem, int]]] = [[]]  # number, item, width
        left = 0
        for number, item in enumerate(self._items):
            if item.isEmpty():
                continue
            width = min(max(item.sizeHint().width(), item.minimumSize().width()), area.width())
            if rows[-1] and left + width > area.width():
                rows.append([])
                left = 0
            rows[-1].append((number, item, width))
            left += width + self.spacing()
        top = area.top()
        for row in rows:
            used = sum(width for _, _, width in row) + self.spacing() * max(0, len(row) - 1)
            height = max((item.sizeHint().height() for _, item, _ in row), default=0)
            left, spare = area.left(), area.width() - used
            for number, item, width in row:
                if number >= self._spring >= 0 and spare:
                    left, spare = left + spare, 0
                if move:
                    own = height if _stretches(item) else item.sizeHint().height()
                    item.setGeometry(QRect(QPoint(left, top + (height - own) // 2), QSize(width, own)))
                left += width + self.spacing()
            top += height + self.spacing()
        return max(0, top - area.top() - self.spacing())


def _stretches(item: QLayoutItem) -> bool:
    widget = item.widget()
    return widget is not None and widget.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Expanding

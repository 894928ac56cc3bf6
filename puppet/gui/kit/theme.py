"""The colours and the style sheet, light or dark as the system's palette is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QGuiApplication, QPalette
from PyQt6.QtWidgets import QWidget


@dataclass(frozen=True)
class Colours:
    """One scheme, as "#rrggbb"."""

    window: str
    card: str
    hover: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    paused: str
    beyond_range: str  # of the range meter: told from `accent` by every kind of colour vision
    notice: str  # backgrounds of banners
    warning: str
    error: str


LIGHT = Colours(
    window="#f5f6f8",
    card="#ffffff",
    hover="#eef1f6",
    border="#d5dae2",
    text="#1b1f27",
    muted="#596273",
    accent="#3457d5",
    on_accent="#ffffff",
    danger="#d1293d",
    paused="#8a5200",
    beyond_range="#c25e00",
    notice="#e4ecff",
    warning="#fff1d6",
    error="#fde5e7",
)
DARK = Colours(
    window="#17191e",
    card="#22252c",
    hover="#2b2f38",
    border="#3a3f4a",
    text="#eceef2",
    muted="#a3acba",
    accent="#86a0ff",
    on_accent="#10131a",
    danger="#ff6b78",
    paused="#ffc04d",
    beyond_range="#ffab4d",
    notice="#25304e",
    warning="#453618",
    error="#4e252b",
)
PICTURE_BACKGROUND = "#101217"  # behind the pictures, in both schemes
PICTURE_TEXT = "#c9ced8"
PILL = "rgba(16, 18, 23, 215)"  # behind words over a picture


def colours_for(palette: QPalette) -> Colours:
    """The dark scheme for a palette whose windows are dark, else the light one."""
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def follow_system(apply: Callable[[], None]) -> None:
    """Call `apply` whenever the system changes to light or dark."""
    hints = QGuiApplication.styleHints()
    if hints is not None and hasattr(hints, "colorSchemeChanged"):  # Qt 6.5
        later = Qt.ConnectionType.QueuedConnection  # Qt tells it before its palette has changed
        hints.colorSchemeChanged.connect(apply, later)  # pyright: ignore[reportCallIssue]


def restyle(widget: QWidget) -> None:
    """Apply the style sheet anew after one of the widget's properties has changed: Qt looks at them only once."""
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)


def palette_of(c: Colours) -> QPalette:
    """The palette for what the style sheet does not reach: dialogs, tooltips, text selection."""
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, colour in (
        ((role.Window,), c.window),
        ((role.Base, role.Button, role.ToolTipBase, role.AlternateBase), c.card),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), c.text),
        ((role.Highlight, role.Link), c.accent),
        ((role.HighlightedText,), c.on_accent),
        ((role.PlaceholderText,), c.muted),
    ):
        for one in roles:
            palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(c.muted))
    return palette


def style_sheet(c: Colours) -> str:
    """The style sheet of the window and its pages, for Qt."""
    points = max(QGuiApplication.font().pointSizeF(), 6.0)  # -1 where it is set in px
    return f"""
    QMainWindow, QDialog {{ background: {c.window}; }}
    QLabel {{ color: {c.text}; }}
    QLabel[role="caption"] {{ color: {c.muted}; font-weight: 600; }}
    QLabel[role="value"] {{ color: {c.muted}; }}
    QLabel[role="title"] {{ font-size: {1.5 * points:.1f}pt; font-weight: 600; }}
    QLabel[role="key"] {{
        background: {c.card}; border: 1px solid {c.border}; border-radius: 5px; padding: 3px 9px; font-weight: 600; }}
    QToolTip {{ background: {c.card}; color: {c.text}; border: 1px solid {c.border}; padding: 4px; }}

    QPushButton, QComboBox {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px;
        padding: 0 14px; min-height: 38px; }}
    QPushButton:hover, QComboBox:hover {{ background: {c.hover}; }}
    QPushButton:pressed {{ background: {c.border}; }}
    QPushButton:disabled, QComboBox:disabled {{ color: {c.muted}; }}
    QPushButton:focus, QComboBox:focus {{ border: 2px solid {c.accent}; padding: 0 13px; }}
    QTabBar {{ background: transparent; }}
    QTabBar::tab {{
        background: transparent; color: {c.muted}; border: 2px solid transparent; border-bottom-color: transparent;
        padding: 8px 12px; margin-right: 4px; font-weight: 600; }}
    QTabBar::tab:selected {{ color: {c.text}; border-bottom: 2px solid {c.accent}; }}
    QTabBar::tab:hover {{ color: {c.text}; }}
    QTabBar::tab:selected:focus {{ border: 2px solid {c.accent}; border-radius: 6px; }}
    QToolButton[role="heading"] {{
        background: transparent; color: {c.text}; border: 2px solid transparent; border-radius: 6px; padding: 4px 2px;
        font-weight: 600; }}
    QToolButton[role="heading"]:hover {{ background: {c.hover}; }}
    QToolButton[role="heading"]:focus {{ border-color: {c.accent}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QPushButton[role="plain"] {{ background: transparent; border-color: transparent; color: {c.accent}; }}
    QPushButton[role="plain"]:hover {{ background: {c.hover}; }}
    QPushButton[role="plain"]:focus {{ border-color: {c.accent}; }}
    QPushButton[role="round"] {{ padding: 0; min-width: 38px; max-width: 38px; font-weight: 600; }}
    QPushButton[role="chip"] {{
        background: {PILL}; color: #ffffff; border: 1px solid {PICTURE_TEXT}; border-radius: 14px;
        min-height: 26px; padding: 0 12px; }}
    QPushButton[role="chip"]:hover {{ background: #000000; }}
    QPushButton[role="chip"]:focus {{ border: 2px solid #ffffff; padding: 0 11px; }}
    QPushButton[recording="true"] {{ color: {c.danger}; border-color: {c.danger}; }}
    QPushButton[paused="true"] {{ color: {c.paused}; border-color: {c.paused}; background: {c.warning}; }}

    QSpinBox {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px;
        min-height: 38px; padding: 0 4px 0 11px;
    }}
    QSpinBox:focus {{ border: 2px solid {c.accent}; padding: 0 3px 0 10px; }}
    QSpinBox:disabled {{ color: {c.muted}; }}
    QComboBox {{ padding: 0 34px 0 12px; }}
    QComboBox:focus {{ padding: 0 33px 0 11px; }}
    QComboBox::drop-down {{ border: none; width: 34px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; padding: 4px; outline: none;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QComboBox QAbstractItemView::item {{ padding: 0 8px; border-radius: 6px; }}
    QComboBox QAbstractItemView::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}

    QProgressBar {{
        background: {c.border}; border: none; border-radius: 5px; min-height: 10px; max-height: 10px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 5px; }}
    QListWidget {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 10px; padding: 6px;
        outline: none; }}
    QListWidget:focus {{ border: 2px solid {c.accent}; padding: 5px; }}
    QListWidget::item {{ border: 2px solid transparent; border-radius: 8px; padding: 4px; color: {c.text}; }}
    QListWidget::item:hover {{ background: {c.hover}; }}
    QListWidget::item:selected {{ background: {c.hover}; border-color: {c.accent}; }}
    QLineEdit, QPlainTextEdit {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px; padding: 7px; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 2px solid {c.accent}; padding: 6px; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {c.border}; border-radius: 4px; margin: 2px; min-height: 32px; }}
    QScrollBar::handle:vertical:hover {{ background: {c.muted}; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {c.border}; border-radius: 4px; margin: 2px; min-width: 32px; }}
    QScrollBar::handle:horizontal:hover {{ background: {c.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; border: none; width: 0; height: 0; }}

    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {c.border}; }}
    QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {c.accent}; }}
    QSlider[role="centred"]::sub-page:horizontal {{ background: {c.border}; }}
    QSlider::handle:horizontal {{
        width: 16px; height: 16px; margin: -7px 0; border-radius: 9px; background: {c.card};
        border: 1px solid {c.muted}; }}
    QSlider::handle:horizontal:hover {{ background: {c.hover}; }}
    QSlider::handle:horizontal:focus {{ border: 2px solid {c.accent}; width: 14px; height: 14px; }}

    QFrame[role="card"] {{ background: {c.card}; border: 1px solid {c.border}; border-radius: 10px; }}
    QFrame[role="banner"] {{ border: 1px solid {c.border}; border-radius: 8px; }}
    QPushButton[role="banner"] {{ min-height: 26px; }}
    QFrame[kind="notice"] {{ background: {c.notice}; }}
    QFrame[kind="warning"] {{ background: {c.warning}; }}
    QFrame[kind="error"] {{ background: {c.error}; }}
    QFrame[role="banner"] QPushButton {{ min-height: 28px; padding: 0 10px; }}
    QFrame[role="banner"] QPushButton[role="round"] {{
        min-width: 28px; max-width: 28px; padding: 0; background: transparent; border-color: transparent; }}
    QFrame[role="banner"] QPushButton[role="round"]:hover {{ background: {c.card}; }}
    QFrame[role="banner"] QPushButton[role="round"]:focus {{ border-color: {c.accent}; }}

    QStatusBar {{ background: {c.window}; color: {c.muted}; border-top: 1px solid {c.border}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ color: {c.muted}; padding: 3px 8px; }}
    QStatusBar QLabel[alert="true"] {{ color: {c.danger}; font-weight: 600; }}
    """

"""The explorer's part of the style sheet."""

from __future__ import annotations

from puppet.gui.kit.theme import Colours


def explorer_style(c: Colours) -> str:
    """What the explorer adds to `theme.style_sheet`."""
    return f"""
    ExplorerWidget {{ background: {c.window}; }}
    QLineEdit, QListWidget {{
        background: {c.card}; color: {c.text}; border: 1px solid {c.border}; border-radius: 8px; padding: 4px 10px;
        selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QLineEdit {{ min-height: 28px; }}
    QLineEdit:focus, QListWidget:focus {{ border: 2px solid {c.accent}; padding: 3px 9px; }}
    QPushButton {{ padding: 0 8px; }}
    QPushButton:focus {{ padding: 0 7px; }}
    QPushButton[role="axis"] {{
        min-height: 24px; max-height: 24px; min-width: 30px; max-width: 30px; padding: 0; border-radius: 6px; }}
    QPushButton[role="axis"]:checked {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
    QScrollArea, QWidget#rows {{ background: transparent; }}
    QTabWidget::pane {{ border: 1px solid {c.border}; border-radius: 10px; background: {c.card}; top: -1px; }}
    QTabBar::tab {{
        background: transparent; color: {c.muted}; border: none; padding: 9px 16px; font-weight: 600; }}
    QTabBar::tab:selected {{ color: {c.accent}; border-bottom: 2px solid {c.accent}; }}
    QTabBar::tab:focus {{ color: {c.text}; }}
    """

"""The page to play on: who drives and who is driven, their pictures, the buttons under them, controls beside them."""

from __future__ import annotations

from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from puppet.gui.casting_panel import ActorPanel, SourcePanel
from puppet.gui.motion_panel import MotionPanel
from puppet.gui.preview import PreviewPane
from puppet.gui.side_panel import SidePanel
from puppet.gui.transport_panel import TransportPanel

GAP, LEAST_HALF = 12, 260  # px


class LivePage(QWidget):
    """Driver left, actor right, buttons below, groups of controls at the side."""

    def __init__(self) -> None:
        super().__init__()
        self.source = SourcePanel()
        self.actor = ActorPanel()
        self.driver_pane = PreviewPane("Driver picture")
        self.actor_pane = PreviewPane("Actor picture")
        self.transport = TransportPanel()
        self.motion = MotionPanel()
        self.side = SidePanel()
        self.side.add_group("motion", "Motion", self.motion)
        panes = QGridLayout()
        panes.setHorizontalSpacing(GAP)
        panes.setVerticalSpacing(GAP)
        panes.addWidget(self.source, 0, 0)
        panes.addWidget(self.actor, 0, 1)
        panes.addWidget(self.driver_pane, 1, 0)
        panes.addWidget(self.actor_pane, 1, 1)
        panes.setRowStretch(1, 1)
        for column in (0, 1):  # both pictures equally wide
            panes.setColumnStretch(column, 1)
            panes.setColumnMinimumWidth(column, LEAST_HALF)
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addLayout(panes, 1)
        left.addWidget(self.transport)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addLayout(left, 1)
        row.addWidget(self.side)

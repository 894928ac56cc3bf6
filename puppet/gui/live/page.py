"""The live page: boxes of driver and actor, their pictures, buttons below, groups of controls at the side."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from puppet.gui.kit.side_panel import SidePanel
from puppet.gui.kit.words import translate
from puppet.gui.live.actor_panel import ActorPanel
from puppet.gui.live.background_panel import BackgroundPanel
from puppet.gui.live.camera_panel import CameraPanel
from puppet.gui.live.latent_panel import LatentPanel
from puppet.gui.live.motion_panel import MotionPanel
from puppet.gui.live.output_panel import OutputPanel
from puppet.gui.live.pictures import LivePictures
from puppet.gui.live.source_panel import SourcePanel
from puppet.gui.live.transport_panel import TransportPanel
from puppet.gui.live.user_panel import UserPanel
from puppet.gui.live.view_panel import ViewPanel
from puppet.gui.live.wall_panel import WallPanel

GAP, LEAST_HALF = 12, 150  # px


class LivePage(QWidget):
    """Builds the panels of the page and arranges them; they say themselves what the user wants."""

    def __init__(self) -> None:
        super().__init__()
        self.source = SourcePanel()
        self.actor = ActorPanel()
        self.pictures = LivePictures()
        self.transport = TransportPanel()
        self.motion = MotionPanel()
        self.side = SidePanel()
        self.side.add_group("motion", translate("puppet", "Motion"), self.motion)
        self.background = BackgroundPanel()
        self.side.add_group("background", translate("puppet", "Background"), self.background)
        self.view = ViewPanel()
        self.side.add_group("view", translate("puppet", "View"), self.view)
        self.user = UserPanel()
        self.side.add_group("user", translate("puppet", "Your neutral face"), self.user)
        self.output = OutputPanel()
        self.side.add_group("output", translate("puppet", "Recording and calls"), self.output)
        self.camera = CameraPanel()
        self.side.add_group("camera", translate("puppet", "Camera"), self.camera)
        self.latent = LatentPanel()
        self.side.add_group("latent", translate("puppet", "Latent space"), self.latent)
        self.wall = WallPanel()
        self.side.add_group("wall", translate("puppet", "Wall of puppets"), self.wall)
        boxes = QHBoxLayout()
        boxes.setSpacing(GAP)
        for box in (self.source, self.actor):  # both equally wide
            box.setMinimumWidth(LEAST_HALF)
            boxes.addWidget(box, 1)
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addLayout(boxes)
        left.addWidget(self.pictures, 1)
        left.addWidget(self.transport)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addLayout(left, 1)
        row.addWidget(self.side)

    def show_pictures_only(self, alone: bool) -> None:
        """Hide everything but the pictures, or show it again."""
        for widget in (self.source, self.actor, self.transport, self.side):
            widget.setVisible(not alone)
        self.pictures.show_alone(alone)

"""The dialogs that ask for files, folders and colours, and what the file lists of the pages share."""

from __future__ import annotations

from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QColorDialog, QFileDialog, QWidget

from puppet.core.background import Colour
from puppet.core.file_types import PICTURE_SUFFIXES, VIDEO_SUFFIXES

VIDEO_FILES = f"Videos ({' '.join(f'*{suffix}' for suffix in VIDEO_SUFFIXES)});;All files (*)"
PICTURE_FILES = f"Pictures ({' '.join(f'*{suffix}' for suffix in PICTURE_SUFFIXES)});;All files (*)"
ACTOR_FILES = "Actors (*.actor);;All files (*)"
THUMBNAIL = 30  # px, side of the picture beside a name in a list


def pick_file(parent: QWidget, title: str, kinds: str) -> str:
    """Path of the file that the user chose, empty when they cancelled. kinds: one of the constants above."""
    return QFileDialog.getOpenFileName(parent, title, "", kinds)[0]


def pick_files(parent: QWidget, title: str, kinds: str) -> list[str]:
    """Paths of the files that the user chose, empty when they cancelled. kinds: one of the constants above."""
    return QFileDialog.getOpenFileNames(parent, title, "", kinds)[0]


def pick_colour(parent: QWidget, title: str, first: Colour) -> str:
    """The colour that the user chose, as "#rrggbb", empty when they cancelled. first: selected at the beginning."""
    chosen = QColorDialog.getColor(QColor(*first), parent, title)
    return chosen.name() if chosen.isValid() else ""


def pick_folder(parent: QWidget, title: str, first: str = "") -> str:
    """Path of the folder that the user chose, empty when they cancelled. first: the one that is shown."""
    return QFileDialog.getExistingDirectory(parent, title, first)

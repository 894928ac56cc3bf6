"""The dialogs that ask for files and folders, and what the file lists of the pages share."""

from __future__ import annotations

from PyQt6.QtWidgets import QFileDialog, QWidget

from puppet.core.file_types import VIDEO_SUFFIXES

VIDEO_FILES = f"Videos ({' '.join(f'*{suffix}' for suffix in VIDEO_SUFFIXES)});;All files (*)"
ACTOR_FILES = "Actors (*.actor);;All files (*)"
THUMBNAIL = 30  # px, side of the picture beside a name in a list


def pick_file(parent: QWidget, title: str, kinds: str) -> str:
    """Path of the file that the user chose, empty when they cancelled. kinds: VIDEO_FILES or ACTOR_FILES."""
    return QFileDialog.getOpenFileName(parent, title, "", kinds)[0]


def pick_files(parent: QWidget, title: str, kinds: str) -> list[str]:
    """Paths of the files that the user chose, empty when they cancelled. kinds: VIDEO_FILES or ACTOR_FILES."""
    return QFileDialog.getOpenFileNames(parent, title, "", kinds)[0]


def pick_folder(parent: QWidget, title: str) -> str:
    """Path of the folder that the user chose, empty when they cancelled."""
    return QFileDialog.getExistingDirectory(parent, title)

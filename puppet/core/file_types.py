"""Endings of file names, by kind of file. What a file really is, its content says."""

from __future__ import annotations

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg")

"""`puppet cameras`: the cameras of this machine, one a line."""

from __future__ import annotations

import sys

from puppet.core.texts import one_line
from puppet.sources.devices import list_cameras


def show_cameras() -> int:
    """Print number, name and device of every camera; the exit code."""
    cameras = list_cameras()
    for camera in cameras:
        print(one_line(f"{camera.index}  {camera.name}  {camera.path}".rstrip(), None))
    if not cameras:
        print("No camera was found. Plug one in, or use --source with a file, a folder or a URL.", file=sys.stderr)
    return 0

"""`puppet photo`: an actor from one picture."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from puppet.core.errors import PictureError, reason

if TYPE_CHECKING:
    from puppet.core.types import Image


def make_from_picture(given: argparse.Namespace) -> int:
    """Write the actor file of a picture; 0. Raises PuppetError."""
    from puppet.photo.framing import Frame
    from puppet.photo.make import Declaration, Wishes, check_output, make_actor_file, statement

    began, output = time.perf_counter(), given.output
    declared = Declaration(given.name or output.stem, statement(given.consent, given.artwork), given.licence)
    wishes = Wishes(given.face, Frame(given.frame), given.keep_background)
    check_output(output, given.force)
    card = make_actor_file(open_picture(given.picture), output, declared, wishes, given.force)
    size, seconds = output.stat().st_size / 2**20, time.perf_counter() - began
    print(f"{output}: {size:.1f} MiB, actor {card.name}, {card.image_size} px, made in {seconds:.1f} s")
    return 0


def open_picture(path: Path) -> Image:
    """The picture of a file, uint8 (H, W, 3) BGR. Raises PictureError."""
    from puppet.pictures.decode import read_picture

    try:
        return read_picture(path)
    except OSError as problem:
        raise PictureError(f"{path}: {reason(problem)}; choose another picture") from problem

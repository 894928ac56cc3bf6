"""`puppet actors`: the actors that are installed, one a line."""

from __future__ import annotations

import sys

from puppet.actor.catalogue import list_actors
from puppet.actor.file import read_card
from puppet.core.errors import PuppetError
from puppet.core.texts import one_line
from puppet.storage.folders import actors_folder


def show_actors() -> int:
    """Print every actor; the exit code, which is 2 when a file is damaged."""
    code = 0
    for path in list_actors():
        try:
            card = read_card(path)
            described = f"{path.stem}  {card.image_size} px  {card.licence}  made {card.created}  {path}"
            print(one_line(described, None))
        except PuppetError as problem:
            print(f"puppet: {one_line(str(problem), None)}", file=sys.stderr)
            code = 2
    print(f"Put more into {actors_folder()}", file=sys.stderr)
    return code

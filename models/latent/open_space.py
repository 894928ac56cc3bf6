"""Open the latent space that a command line names: a run folder, an actor file or an installed actor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.latent.space import TrainingData
from puppet.actor.file import SUFFIX
from puppet.core.errors import DataError

if TYPE_CHECKING:
    from models.latent.space import Space


def open_space(where: str, which: str = "best", device: str = "auto") -> Space:
    """The space of a run folder, an .actor file or an installed actor's name.

    which: "best" or "last" checkpoint of a run; device: "auto", "cpu" or "cuda", of a run. Raises PuppetError.
    """
    path = Path(where)
    if path.is_dir():
        from models.latent.run_space import RunSpace  # torch, which an actor file does not need
        from models.training import checkpoint

        model, facts = checkpoint.load_model(path, which)
        trained_on = TrainingData(Path(facts.data["file"]), facts.data["sha256"], facts.config.held_out)
        return RunSpace(model, path.resolve().name, trained_on, device)
    if path.suffix != SUFFIX and len(path.parts) > 1:
        raise DataError(f"{where}: no such run folder, and not an {SUFFIX} file")
    from models.latent.actor_space import ActorSpace  # ONNX Runtime, which a run does not need

    return ActorSpace(where)

"""What is known about an actor's latent space: `latents.npz` of an actor file. Numpy only."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from puppet.frames import Floats

MAX_UNPACKED_BYTES = 64 << 20
DIRECTION = "direction_"  # prefix of the attribute directions' names in the file


@dataclass(frozen=True, eq=False)
class Latents:
    """A latent space of D dimensions as the footage fills it.

    mean, std f32 (D,) of the posterior means; axes f32 (K, D): principal axes, longest first, each one standard
    deviation long; kl f32 (D,): mean nats per dimension; samples f32 (M, D): real latents, in the footage's order;
    directions: named attribute directions f32 (D,). What a file does not hold is empty (kl: zeros).
    """

    mean: Floats
    std: Floats
    axes: Floats
    kl: Floats
    samples: Floats
    directions: dict[str, Floats] = field(default_factory=dict)


def latents_to_bytes(latents: Latents) -> bytes:
    """The content of `latents.npz`."""
    arrays = {name: getattr(latents, name) for name in ("mean", "std", "axes", "kl", "samples")}
    arrays |= {DIRECTION + name: values for name, values in latents.directions.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(values, np.float32) for name, values in arrays.items()})
    return buffer.getvalue()


def latents_from_bytes(data: bytes, size: int) -> Latents:
    """The content of `latents.npz` of a latent space of `size` dimensions. Raises ValueError. Never unpickles."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise ValueError("too large")
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (KeyError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, SyntaxError, MemoryError) as error:
        raise ValueError(f"not an npz file ({error})") from error
    empty = np.zeros((0, size), np.float32)
    return Latents(
        mean=_floats(arrays, "mean", (size,)),
        std=_floats(arrays, "std", (size,)),
        axes=_floats(arrays, "axes", (None, size), empty),
        kl=_floats(arrays, "kl", (size,), np.zeros(size, np.float32)),
        samples=_floats(arrays, "samples", (None, size), empty),
        directions={
            name.removeprefix(DIRECTION): _floats(arrays, name, (size,))
            for name in arrays
            if name.startswith(DIRECTION)
        },
    )


def _floats(
    arrays: dict[str, NDArray], name: str, shape: tuple[int | None, ...], missing: Floats | None = None
) -> Floats:
    if name not in arrays:
        if missing is None:
            raise ValueError(f"{name} is missing")
        return missing
    array = np.asarray(arrays[name])
    fits = array.ndim == len(shape) and all(want in (None, side) for side, want in zip(array.shape, shape, strict=True))
    if not fits or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError(f"{name} is {array.dtype} {array.shape}, or not finite")
    return array.astype(np.float32)

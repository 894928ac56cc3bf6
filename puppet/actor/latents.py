"""What is known about an actor's latent space: `latents.npz` of an actor file. Numpy only."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from puppet.core.rows import evenly_spread
from puppet.core.texts import checked
from puppet.core.types import Floats
from puppet.parsing.arrays import parse_arrays

MAX_UNPACKED_BYTES = 64 << 20
AXES = 32  # principal axes kept
SAMPLES = 256  # real latents kept: enough to tell what the footage hardly ever reaches
MAX_ROWS = 4096  # of axes and samples, and dimensions
MAX_DIRECTIONS = 256
MAX_NAME = 80  # characters of a direction's name
MAX_NUMBER = 1e6  # useful numbers are far smaller
USEFUL, START = "useful", "start"
DIRECTION = "direction_"  # prefix of the attribute directions' names in the file


@dataclass(frozen=True, eq=False)
class Latents:
    """A latent space of D dimensions as the footage fills it.

    mean, std f32 (D,) of the posterior means; axes f32 (K, D): principal axes, longest first, each one standard
    deviation long; kl f32 (D,): mean nats per dimension; samples f32 (M, D): real latents, in the footage's order;
    directions: named attribute directions f32 (D,), unit length. useful i32 (K,): the dimensions that say something,
    in the file's own numbering, see `useful_dimensions`. start i32 (2,): places in `useful` of the two dimensions that
    exploring begins with, where a file names them. What a file does not hold is empty (kl: zeros).
    """

    mean: Floats
    std: Floats
    axes: Floats
    kl: Floats
    samples: Floats
    directions: dict[str, Floats] = field(default_factory=dict[str, Floats])
    useful: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    start: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


def ranked_dimensions(kl: Floats) -> NDArray[np.int32]:
    """All dimensions i32 (D,), those that say most first; of equals the lower number."""
    return np.argsort(-kl, kind="stable").astype(np.int32)


def useful_dimensions(kl: Floats) -> NDArray[np.int32]:
    """The dimensions i32 (K,), most useful first, whose mean KL (D,) exceeds that of all by one standard deviation.

    The rule of Morphing Faces, whose 29 of 400 dimensions it chose.
    """
    ranked = ranked_dimensions(kl)
    return ranked[kl[ranked] > kl.mean() + kl.std()]


def measure_latents(mean: Floats, logvar: Floats) -> Latents:
    """The latent space as posteriors of a data set fill it: mean and logvar f32 (N, D), in the footage's order."""
    centre = mean.mean(0)
    _, spread, directions = cast("tuple[Floats, Floats, Floats]", np.linalg.svd(mean - centre, full_matrices=False))
    axes: Floats = directions * (spread / np.sqrt(len(mean)))[:, None]  # one standard deviation long
    divergence = kl_to_standard_normal(mean, logvar).mean(0)
    some = evenly_spread(len(mean), SAMPLES)
    useful = useful_dimensions(divergence)
    return Latents(centre, mean.std(0), axes[:AXES], divergence, mean[some], useful=useful)


def kl_to_standard_normal(mean: Floats, logvar: Floats) -> Floats:
    """KL(N(mean, e^logvar) || N(0, 1)) in nats of every value, of the same shape. Kingma & Welling 2014, app. B."""
    return 0.5 * (mean**2 + np.exp(logvar) - 1 - logvar)


def latents_to_bytes(latents: Latents) -> bytes:
    """The content of `latents.npz`."""
    arrays: dict[str, Floats] = {name: getattr(latents, name) for name in ("mean", "std", "axes", "kl", "samples")}
    arrays |= {DIRECTION + name: values for name, values in latents.directions.items()}
    buffer = io.BytesIO()
    floats = {name: np.asarray(values, np.float32) for name, values in arrays.items()}
    numbers = {name: np.asarray(getattr(latents, name), np.int32) for name in (USEFUL, START)}
    np.savez(buffer, **floats, **numbers)
    return buffer.getvalue()


def latents_from_bytes(data: bytes, size: int) -> Latents:
    """The content of `latents.npz` of a latent space of `size` dimensions. Raises ValueError. Never unpickles."""
    arrays = parse_arrays(data, MAX_UNPACKED_BYTES)
    named = [name for name in arrays if name.startswith(DIRECTION)]
    if len(named) > MAX_DIRECTIONS:
        raise ValueError(f"{len(named)} directions, at most {MAX_DIRECTIONS} are allowed")
    empty = np.zeros((0, size), np.float32)
    useful = _numbers(arrays, USEFUL, size)
    start = _numbers(arrays, START, len(useful))
    if len(start) not in (0, 2):
        raise ValueError(f"{START} names {len(start)} dimensions, not two")
    return Latents(
        mean=_floats(arrays, "mean", (size,)),
        std=_floats(arrays, "std", (size,)),
        axes=_floats(arrays, "axes", (None, size), empty),
        kl=_floats(arrays, "kl", (size,), np.zeros(size, np.float32)),
        samples=_floats(arrays, "samples", (None, size), empty),
        directions={checked(name.removeprefix(DIRECTION), MAX_NAME): _floats(arrays, name, (size,)) for name in named},
        useful=useful,
        start=start,
    )


def _numbers(arrays: dict[str, NDArray[Any]], name: str, size: int) -> NDArray[np.int32]:
    array = arrays.get(name, np.zeros(0, np.int32))
    is_list = array.ndim == 1 and array.dtype.kind == "i" and len(array) <= size
    numbers = set(array.tolist()) if is_list else None
    if numbers is None or len(numbers) != len(array) or not numbers <= set(range(size)):
        raise ValueError(f"{name} does not name dimensions, each once, of 0 to {size - 1}")
    return array.astype(np.int32)


def _floats(
    arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int | None, ...], missing: Floats | None = None
) -> Floats:
    if name not in arrays:
        if missing is None:
            raise ValueError(f"{name} is missing")
        return missing
    array = arrays[name]
    fits = array.ndim == len(shape) and all(want in (None, side) for side, want in zip(array.shape, shape, strict=True))
    if not fits or len(array) > MAX_ROWS or array.dtype.kind != "f":
        raise ValueError(f"{name} is {array.dtype} {array.shape}")
    if not (np.abs(array) <= MAX_NUMBER).all():  # NaN is not
        raise ValueError(f"{name} is {array.dtype} with numbers that are not finite, or far too large")
    return array.astype(np.float32)

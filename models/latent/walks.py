"""Points in a latent space and pictures of them: samples, walks from sample to sample, morphs, a random walk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

import numpy as np

from models.common import sheets
from models.common.picture_writers import check_free, is_picture, is_video, open_output, save_picture
from models.data import driver_clip
from models.data.dataset import open_dataset
from models.latent.encoding import dataset_file
from models.latent.space import Space, chunks
from puppet.actor.latents import Latents
from puppet.actor.morph import eased
from puppet.core import pixels
from puppet.core.errors import DataError
from puppet.core.progress import progress
from puppet.core.types import Floats, Image
from puppet.explore.exploration import explore
from puppet.explore.paths import RandomFaces, path, walk_target
from puppet.face.neutral import infer_neutral

RANDOM = "random"  # an end of a morph that is drawn at random
WALK_PICTURES = 12  # pictures of one step of the random walk


class Paths(str, Enum):
    """Which ways a morph takes from one point to another."""

    LINEAR = "linear"
    SPHERICAL = "spherical"
    BOTH = "both"

    @property
    def spherical(self) -> tuple[bool, ...]:
        """For each way, whether it is spherical."""
        return {"linear": (False,), "spherical": (True,), "both": (False, True)}[self.value]


# ---------------------------------------------------------------------------------------------- points


def draw_points(space: Space, count: int, seed: int, footage: Latents | None = None) -> Floats:
    """Latents f32 (count, D) drawn from N(0, 1), or with the spread of `footage`."""
    random = np.random.default_rng(seed)
    if footage is None:
        return random.standard_normal((count, space.latent_size)).astype(np.float32)
    faces = RandomFaces(footage)
    return np.stack([faces.draw(random) for _ in range(count)])


def through(corners: Floats, steps: int) -> Floats:
    """Straight lines between corners (K, D), `steps` points from each to the next: f32 ((K - 1) * steps + 1, D)."""
    legs = [path(a, b, steps + 1)[:-1] for a, b in zip(corners, corners[1:], strict=False)]
    return np.concatenate([*legs, corners[-1:]])


def random_walk(latents: Latents, pictures: int, seed: int) -> Floats:
    """Latents f32 (pictures, D) of the random walk of Morphing Faces.

    Each step goes half a standard deviation along one useful dimension, in WALK_PICTURES pictures that ease in and
    out.
    """
    random, place, points = np.random.default_rng(seed), explore(latents), []
    while len(points) < pictures:
        start, target = place.place.point, walk_target(place, random)
        shares = list(eased(WALK_PICTURES + 1))[:-1]
        points += [start + np.float32(share) * (target - start) for share in shares]
        place = place.walk_to(target)
    return np.stack(points[:pictures])


def point_of(space: Space, text: str, data: Path | None, seed: int) -> Floats:
    """The latent f32 (D,) that a command line names: a row of the data set, a picture file, or "random".

    data: the data set that rows belong to, and whose person a picture shows; None: the run's own. Raises PuppetError.
    """
    if text == RANDOM:
        return draw_points(space, 1, seed)[0]
    if text.isdecimal():
        with open_dataset(dataset_file(space, data)) as dataset:
            if int(text) >= len(dataset):
                raise DataError(f"{dataset.path}: has rows 0 to {len(dataset) - 1}, not {text}")
            return space.encode(dataset, np.array([int(text)])).mean[0]
    (face,) = driver_clip.track_all(text)[:1]
    if face is None:
        raise DataError(f"{text}: no face was seen in it; choose a picture that shows one")
    neutral = infer_neutral([face])
    known = data or (space.training.file if space.training else None)
    if known is not None and known.is_file():
        with open_dataset(known) as dataset:
            neutral = driver_clip.dataset_neutral(dataset)
    image = next(driver_clip.frames(text)).image
    return space.encode_clip(driver_clip.DriverClip([image], [face], neutral))[0]


# ---------------------------------------------------------------------------------------------- pictures


def write_samples(space: Space, points: Floats, out: Path) -> int:
    """Write pictures of latents (N, D) as one sheet (.png), an HDF5 file or a folder; how many.

    Raises PuppetError.
    """
    if not is_picture(out):
        return write_film(space, points, out, 1.0)
    check_free(out)
    save_picture(out, sheets.grid(list(drawn(space, points)), round(np.ceil(np.sqrt(len(points))))))
    return len(points)


def write_film(space: Space, points: Floats, out: Path, fps: float) -> int:
    """Write pictures of latents (N, D), one after the other, as `open_output` does; how many. Raises PuppetError."""
    with open_output(out, fps) as write:
        for i, picture in enumerate(drawn(space, points)):
            write(picture, i / fps)
    return len(points)


def write_morph(space: Space, ends: Sequence[Floats], paths: Paths, steps: int, out: Path, fps: float) -> int:
    """Write the morph from ends[0] to ends[1], `steps` pictures each way; how many pictures.

    A .png shows one strip for each way, one below the other; a video, folder or HDF5 file shows the ways side by side.
    Raises PuppetError.
    """
    check_free(out)
    ways = [path(ends[0], ends[1], steps, spherical) for spherical in paths.spherical]
    made = [list(drawn(space, way)) for way in ways]
    if is_picture(out):
        save_picture(out, sheets.grid([picture for row in made for picture in row], steps))
        return steps * len(ways)
    with open_output(out, fps) as write:
        for i, abreast in enumerate(zip(*made, strict=True)):
            write(np.concatenate(abreast, axis=1), i / fps)
    return steps


def drawn(space: Space, points: Floats) -> Iterator[Image]:
    """Pictures uint8 (S, S, 3) BGR of latents (N, D), with a progress bar on the terminal."""
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(progress(total=len(points), label="drawing", unit="pictures"))
        for chunk in chunks(points):
            for picture in space.decode(chunk):
                yield pixels.swap_red_blue(picture)
            bar.update(len(chunk))


def check_film_name(out: Path) -> None:
    """DataError for a file name that is not a video's."""
    if not is_video(out):
        raise DataError(f"{out}: a film's name ends in .mp4")

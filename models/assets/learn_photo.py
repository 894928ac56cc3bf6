"""Learns what the actors of all pictures share, `puppet/assets/photo.npz`, from footage of synthetic people.

`python -m models.assets.learn_photo DATA.h5 ...`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.assets import drawn_teeth
from models.data.dataset import open_dataset
from models.networks.mirror import flip_offsets
from models.networks.puppet.geometry import _point_weights
from models.networks.puppet.mesh import FACE_CENTRE, build_mesh
from models.networks.puppet.tracked_frames import canonicalise
from puppet.core.rows import evenly_spread
from puppet.core.types import Floats, HeadPose
from puppet.face import align, measurements
from puppet.face.landmarks import MIRRORED
from puppet.head import eyes, mouth
from puppet.head.vertices import FACE_POINTS
from puppet.photo.shared import FILE

COMPONENTS = 64
PICTURE, TEXTURE = 512, 1024  # px: sides for which the mesh is laid out
FRAMES = 2000  # of each person
SAMPLES = 400
UNROLLED = 0.45  # how much further out a point lies in the layout, by how far it lies behind the eyes


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the asset; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m models.assets.learn_photo", description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    neutrals, offsets, looks, drops, opened = [], [], [], [], []
    for path in given.data:
        with open_dataset(path) as dataset:
            rows = evenly_spread(len(dataset), FRAMES)
            neutral = dataset.neutral
            canonical = canonicalise(dataset.points[rows], neutral)[0]
        moved = canonical - neutral
        neutrals.append(neutral)
        offsets += [moved, flip_offsets(moved)]
        values, rest = measurements.measure(canonical), measurements.measure(neutral)
        gaze = np.stack(
            [np.mean([values[f"gaze_{a}_{s}"] - rest[f"gaze_{a}_{s}"] for s in ("right", "left")], 0) for a in "xy"], 1
        )
        looks += [gaze, gaze * (-1, 1)]
        drops.append(mouth.drop_of(canonical, neutral))
        wide = values["mouth_open"] >= np.quantile(values["mouth_open"], 0.93)
        opened.append(moved[wide].mean(0))
        print(path, len(moved), "frames, jaw", drops[-1])
    average = _symmetric(np.mean(neutrals, 0))
    wide_open = _symmetric(average + np.mean(opened, 0))
    everything = np.concatenate(offsets)
    usual = HeadPose(np.eye(3), align.STEADY_EYES * PICTURE, np.append(_middle(), 0.0))
    mesh = build_mesh(_unrolled(average), _unrolled(wide_open), usual, PICTURE, TEXTURE)
    project, basis, logvar = _components(everything, average)
    samples = everything[:, :FACE_POINTS].reshape(len(everything), -1) @ project
    some = evenly_spread(len(samples), SAMPLES)
    np.savez_compressed(
        FILE,
        triangles=mesh.triangles.astype(np.uint16),
        openings=np.int32(mesh.openings),
        texture_points=((mesh.texture_points + 0.5) / TEXTURE).astype(np.float32),
        project=project.astype(np.float16),
        basis=basis.astype(np.float16),
        logvar=logvar.astype(np.float32),
        samples=samples[some].astype(np.float16),
        samples_look=np.concatenate(looks)[some].astype(np.float16),
        jaw_drop=np.float32(np.mean(drops)),
        upper=drawn_teeth.upper(),
        lower=drawn_teeth.lower(),
        skin=np.array(drawn_teeth.SKIN, np.float32),
    )
    print(FILE, FILE.stat().st_size, "bytes; eyes", eyes.EYEBALL_HALF)
    return 0


def _unrolled(face: Floats) -> Floats:
    """The same face with its sides turned outwards: a cheek that is seen from the side needs texels of its own."""
    wider = face.copy()
    wider[:, :2] = FACE_CENTRE[:2] + (face[:, :2] - FACE_CENTRE[:2]) * (1 + UNROLLED * face[:, 2:].clip(0))
    return wider


def _middle() -> Floats:
    return (PICTURE - 1) / 2 - align.HEAD_CENTRE * align.STEADY_EYES * PICTURE


def _symmetric(face: Floats) -> Floats:
    return ((face + face[MIRRORED] * (-1, 1, 1)) / 2).astype(np.float32)


def _components(offsets: Floats, average: Floats) -> tuple[Floats, Floats, Floats]:
    """Probabilistic PCA as in models/networks/puppet/geometry.py: project, basis, logvar."""
    weight = _point_weights(average)
    weighted = (offsets[:, :FACE_POINTS] * weight).reshape(len(offsets), -1).astype(np.float64)
    variance, axes = np.linalg.eigh(weighted.T @ weighted / len(weighted))
    variance, axes = variance[::-1], axes.T[::-1]
    noise, spread2 = variance[COMPONENTS:].sum() / (len(variance) - COMPONENTS), variance[:COMPONENTS]
    shares = [spread2[:count].sum() / variance.sum() for count in (16, COMPONENTS)]
    print(f"16 and {COMPONENTS} components explain {shares[0]:.4f} and {shares[1]:.4f}")
    spread = np.sqrt(np.maximum(spread2 - noise, 1e-10))
    axes = axes[:COMPONENTS]
    project = (axes.T * (spread / (spread**2 + noise))) * weight.reshape(-1, 1)
    return project, (spread[:, None] * axes) / weight.reshape(1, -1), np.log(noise / (spread**2 + noise))


if __name__ == "__main__":
    sys.exit(main())

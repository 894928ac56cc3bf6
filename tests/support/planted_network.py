"""Arrays of the original Morphing Faces network's shapes with random numbers: its own are not part of this project.

python -m tests.support.planted_network FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from export.morphing_faces import DECODER_SIZES, ENCODER_SIZES, USEFUL


def write_arrays(folder: Path) -> None:
    """d_*.npy and e_*.npy into a folder that is there; only the 29 useful dimensions reach the picture."""
    random = np.random.default_rng(0)
    for prefix, sizes, order in (("d_", DECODER_SIZES, (2, 1, 0)), ("e_", ENCODER_SIZES, (0, 1, 2))):
        for i, number in enumerate(order):
            weight = random.standard_normal(sizes[i : i + 2]).astype(np.float32) / np.sqrt(sizes[i]) * 1.4
            if prefix == "d_" and i == 0:
                weight[[d for d in range(400) if d not in USEFUL]] = 0
                weight *= np.sqrt(400 / 29)
            np.save(folder / f"{prefix}W_{number}.npy", weight)
            np.save(folder / f"{prefix}b_{number}.npy", 0.1 * random.standard_normal(sizes[i + 1]))  # f64


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(exist_ok=True)
    write_arrays(Path(sys.argv[1]))

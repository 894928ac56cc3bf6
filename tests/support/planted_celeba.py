"""A folder of pictures in CelebA's layout, with its lists. Picture i is of one colour, which tells i."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

ATTRIBUTES = ("Male", "Smiling")


def colour_of(i: int) -> tuple[int, int, int]:
    """RGB."""
    return 40 + i, 120, 200 - i


def file_of(i: int) -> str:
    return f"{i + 1:06d}.png"


def has(i: int) -> tuple[bool, bool]:
    """Which of ATTRIBUTES picture i has."""
    return i % 3 == 0, i % 2 == 1


def write_celeba(root: Path, count: int = 24, csv: bool = False, size: tuple[int, int] = (178, 218)) -> Path:
    """Write `root`/img_align_celeba and both lists; the last quarter is CelebA's validation and test part."""
    folder = root / "img_align_celeba"
    folder.mkdir(parents=True)
    for i in range(count):
        cv2.imwrite(str(folder / file_of(i)), np.full((size[1], size[0], 3), colour_of(i)[::-1], np.uint8))
    values = [[1 if value else -1 for value in has(i)] for i in range(count)]
    part = [0 if 4 * i < 3 * count else 1 + i % 2 for i in range(count)]
    if csv:
        rows = [",".join(["image_id", *ATTRIBUTES])]
        rows += [",".join(map(str, (file_of(i), *v))) for i, v in enumerate(values)]
        parts = ["image_id,partition", *(f"{file_of(i)},{p}" for i, p in enumerate(part))]
    else:
        rows = [str(count), " ".join(ATTRIBUTES)]
        rows += [f"{file_of(i)} " + " ".join(f"{x:2d}" for x in v) for i, v in enumerate(values)]
        parts = [f"{file_of(i)} {p}" for i, p in enumerate(part)]
    suffix = "csv" if csv else "txt"
    (root / f"list_attr_celeba.{suffix}").write_text("\n".join(rows) + "\n")
    (root / f"list_eval_partition.{suffix}").write_text("\n".join(parts) + "\n")
    return root

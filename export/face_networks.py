"""MediaPipe's networks for faces and people as plain ONNX: makes `puppet/assets/face_networks` from mediapipe 0.10.21.

`python -m export.face_networks -o puppet/assets/face_networks` (Python 3.10 to 3.12, with the extra train)
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from onnx import TensorProto

from export import ExportError
from export.onnx_builder import OnnxBuilder
from export.tflite_model import Model
from export.tflite_to_onnx import Converter
from puppet.core.types import LANDMARKS
from puppet.face.onnx_mesh import FULL_RANGE, FULL_RANGE_SIZE, MESH, MESH_SIZE, SHORT_RANGE, SHORT_RANGE_SIZE
from puppet.face.onnx_segmentation import SEGMENTATION, SEGMENTATION_SIZE
from puppet.face.tracking import MEDIAPIPE_VERSION
from puppet.storage.files import write_whole

MODULES = "mediapipe/modules"
SOURCES = {  # ours: MediaPipe's, and its SHA-256
    MESH: (
        "face_landmark/face_landmark_with_attention.tflite",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    ),
    SHORT_RANGE: (
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    FULL_RANGE: (
        "face_detection/face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ),
    SEGMENTATION: (
        "selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
}
NOTICE = (
    "From MediaPipe 0.10.21, Copyright The MediaPipe Authors, Apache License 2.0. Converted from TensorFlow Lite to "
    "ONNX by the Puppet project; the weights are unchanged."
)

# Which points of the mesh the refined ones replace, in the order of the network's outputs; the irises come after all.
# Source: mediapipe/modules/face_landmark/tensors_to_face_landmarks_with_attention.pbtxt
# fmt: off
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87,
    14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320,
    307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42,
    41, 38, 12, 268, 271, 272, 407,
)
LEFT_EYE = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112,
    243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221,
    189, 35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)
RIGHT_EYE = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252,
    256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444,
    443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293,
    334, 296, 336, 285, 417,
)
# fmt: on
EYE_OUTLINE = 16  # the first of an eye's points; an iris lies at their mean depth
MESH_POINTS, IRIS_POINTS = 468, 5


def face_networks() -> dict[str, bytes]:
    """The ONNX files by name, from the mediapipe that is installed. Raises ExportError."""
    return {
        MESH: mesh_network(_read(MESH)),
        SHORT_RANGE: detector_network(_read(SHORT_RANGE), SHORT_RANGE_SIZE),
        FULL_RANGE: detector_network(_read(FULL_RANGE), FULL_RANGE_SIZE),
        SEGMENTATION: segmentation_network(_read(SEGMENTATION)),
    }


def mesh_network(model: Model) -> bytes:
    """Picture uint8 (1, 192, 192, 3) RGB -> points f32 (478, 3) px, presence f32 (1,) from 0 to 1."""
    b = OnnxBuilder()
    mesh, *refined, presence = Converter(model, b, _picture(b, low=0)).convert()
    mesh = b.add("Reshape", mesh, b.whole(MESH_POINTS, 3))
    flat = [b.span(mesh, 0, 2, axis=1), *(b.add("Reshape", part, b.whole(-1, 2)) for part in refined)]
    sources = np.arange(LANDMARKS)  # of each point: where it lies in `flat`; the irises follow the mesh
    sources[MESH_POINTS:] += len(LIPS + LEFT_EYE + RIGHT_EYE)
    for number, point in enumerate(LIPS + LEFT_EYE + RIGHT_EYE, MESH_POINTS):
        sources[point] = number
    xy = b.add("Gather", b.add("Concat", *flat, axis=0), b.constant(sources), axis=0)
    depth = b.span(mesh, 2, 3, axis=1)
    irises: list[str] = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        outline = b.add("Gather", depth, b.whole(*eye[:EYE_OUTLINE]), axis=0)
        mean = b.add("ReduceMean", outline, axes=[0], keepdims=1)
        irises.append(b.add("Expand", mean, b.whole(IRIS_POINTS, 1)))
    points = b.add("Concat", xy, b.add("Concat", depth, *irises, axis=0), axis=1)
    score = b.add("Reshape", b.add("Sigmoid", presence), b.whole(1))
    outputs = {"points": (points, (LANDMARKS, 3)), "presence": (score, (1,))}
    return b.finish("attention_mesh", NOTICE, _input(MESH_SIZE), outputs)


def detector_network(model: Model, size: int) -> bytes:
    """Picture uint8 (1, size, size, 3) RGB -> raw boxes f32 (n, 16), raw scores f32 (n,).

    `puppet.face.blaze_face` reads them.
    """
    b = OnnxBuilder()
    boxes, scores = Converter(model, b, _picture(b, low=-1)).convert()
    _, count, coordinates = model.shapes[model.outputs[0]]
    outputs = {
        "boxes": (b.add("Reshape", boxes, b.whole(count, coordinates)), (count, coordinates)),
        "scores": (b.add("Reshape", scores, b.whole(count)), (count,)),
    }
    return b.finish("face_detector", NOTICE, _input(size), outputs)


def segmentation_network(model: Model) -> bytes:
    """Picture uint8 (1, 256, 256, 3) RGB -> how surely each pixel is a person's, f32 (256, 256) from 0 to 1."""
    b = OnnxBuilder()
    (mask,) = Converter(model, b, _picture(b, low=0)).convert()
    side = SEGMENTATION_SIZE
    outputs = {"mask": (b.add("Reshape", mask, b.whole(side, side)), (side, side))}
    return b.finish("selfie_segmentation", NOTICE, _input(side), outputs)


def _picture(b: OnnxBuilder, low: float) -> str:
    """The input as f32 (1, 3, S, S) from `low` to 1."""
    picture = b.add("Transpose", b.add("Cast", "picture", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    scaled = b.add("Mul", picture, b.floats((1 - low) / 255))
    return b.add("Add", scaled, b.floats(low)) if low else scaled


def _input(size: int) -> dict[str, tuple[int, Sequence[int]]]:
    return {"picture": (TensorProto.UINT8, (1, size, size, 3))}


def _read(name: str) -> Model:
    """The TFLite model that one of our files is made from. Raises ExportError."""
    try:
        installed = metadata.distribution("mediapipe")
        from export.tflite import read_tflite  # imports mediapipe
    except (metadata.PackageNotFoundError, ModuleNotFoundError) as error:
        raise ExportError(f"mediapipe {MEDIAPIPE_VERSION} is needed, with all that it imports ({error})") from error
    if installed.version != MEDIAPIPE_VERSION:
        raise ExportError(f"mediapipe {MEDIAPIPE_VERSION} is needed; this is {installed.version}")
    inner, digest = SOURCES[name]
    path = Path(str(installed.locate_file(f"{MODULES}/{inner}")))
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ExportError(f"{path} is not the file of mediapipe {MEDIAPIPE_VERSION}; install that again")
    return read_tflite(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, and MediaPipe's licence beside them."""
    parser = argparse.ArgumentParser(prog="python -m export.face_networks", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to put them")
    folder: Path = parser.parse_args(arguments).output
    try:
        for name, content in face_networks().items():
            write_whole(folder / name, content, private=False)
            print(f"{folder / name}: {len(content) / 1e6:.2f} MB")
        licence = metadata.distribution("mediapipe").read_text("LICENSE")
        write_whole(folder / "LICENSE", f"{NOTICE}\n\n{licence}", private=False)
    except (ExportError, OSError) as error:
        print(f"export.face_networks: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

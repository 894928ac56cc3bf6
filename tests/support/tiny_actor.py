"""Actor files small enough to make in a test, without torch. Deterministic, with planted behaviour.

mesh: driven by landmarks and pose. 8 latents: yaw / 30, pitch / 30, roll / 30, mouth opening x 10, x, y,
  log size and a zero.
  The picture is a chequered square in the middle; a latent yaw of 1 moves it 8 px to the right, a pitch of 1 moves it
  8 px up, and an open mouth makes the texture brighter.
image: driven by the crop. 4 latents: the mean red, green and blue of the crop (0 .. 1) and a zero.
  The picture is a vertical ramp from black to that colour.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from puppet.actor.card import ActorCard, ActorKind, Golden
from puppet.actor.file import CARD, DECODER, ENCODER, LATENTS, PREVIEW, write_actor
from puppet.actor.golden import golden_means
from puppet.actor.latents import Latents, latents_to_bytes
from puppet.actor.runtime import Actor
from puppet.core.types import LANDMARKS, POSE_SIZE, Floats
from puppet.face import align
from puppet.face.landmarks import STABLE

IMAGE_SIZE = TEXTURE_SIZE = 64
CROP_SIZE = 32
MOVE = 8.0  # px per latent yaw or pitch
UPPER_LIP, LOWER_LIP = 13, 14
USEFUL = (3, 1, 0)  # dimensions of `explorable_actor`, as its file numbers them
LATENT_SIZE = {"mesh": 8, "image": 4}


def tiny_actor(path: Path, kind: ActorKind = "mesh", **changes: Any) -> Path:
    """Write a tiny actor of a kind ("mesh" or "image") to `path`; `changes` are card fields."""
    card, members = tiny_parts(kind, path.stem)
    write_actor(path, dataclasses.replace(card, **changes), members)
    return path


def explorable_actor(path: Path, **changes: Any) -> Path:
    """A tiny mesh actor whose latents differ in use, with two attributes; `changes` are fields of its Latents.

    Dimension 0 says most, then 1, then 3; the file numbers them 2, 1 and 0. smile brightens, look_left moves left.
    """
    card, members = tiny_parts("mesh", path.stem)
    size = card.latent_size
    planted = {
        "kl": np.array([5, 4, 0.1, 3, 0.1, 0.1, 0.1, 0], np.float32),
        "useful": np.array(USEFUL, np.int32),
        "samples": np.random.default_rng(0).standard_normal((50, size)).astype(np.float32),
        "directions": {"smile": np.eye(size, dtype=np.float32)[3], "look_left": -np.eye(size, dtype=np.float32)[0]},
    }
    latents = dataclasses.replace(tiny_latents(size), **{**planted, **changes})
    write_actor(path, card, {**members, LATENTS: latents_to_bytes(latents)})
    return path


def tiny_parts(kind: ActorKind = "mesh", name: str = "tiny") -> tuple[ActorCard, dict[str, bytes]]:
    """Card and members of a tiny actor, golden picture included."""
    triangles, texture_points = grid_mesh()
    mesh = {"texture_size": TEXTURE_SIZE, "triangles": triangles, "texture_points": texture_points}
    sizes: dict[str, Any] = mesh if kind == "mesh" else {"crop_size": CROP_SIZE}
    inputs = ("landmarks", "pose") if kind == "mesh" else ("crop",)
    card = ActorCard(
        name=name,
        kind=cast(ActorKind, kind),
        image_size=IMAGE_SIZE,
        latent_size=LATENT_SIZE[kind],
        encoder_inputs=inputs,
        neutral=neutral(),
        golden=Golden(np.zeros((16, 16, 3), np.uint8)),
        licence="CC0-1.0",
        consent="A made-up face; nobody to ask.",
        created="2026-01-02",
        parity={"image": 0.0},
        training={"frames": 3, "preset": "tiny", "metrics": {"psnr": 30.5}},
        **sizes,
    )
    encoder, decoder = (mesh_encoder(), mesh_decoder()) if kind == "mesh" else (image_encoder(), image_decoder())
    latents = tiny_latents(card.latent_size)
    actor = Actor(card, encoder, decoder, latents, threads=1)
    portrait = actor.neutral_portrait().image
    members = {
        ENCODER: encoder,
        DECODER: decoder,
        PREVIEW: cv2.imencode(".png", portrait)[1].tobytes(),
        LATENTS: latents_to_bytes(latents),
    }
    return dataclasses.replace(card, golden=Golden(golden_means(portrait))), members


def neutral() -> Floats:
    """A face of 478 points: the stable ones where an average face has them, the others on a spiral around the nose."""
    k = np.arange(LANDMARKS)
    radius, angle = 0.6 * np.sqrt(k / LANDMARKS), 2.4 * k
    face = np.stack([radius * np.cos(angle), 0.4 + radius * np.sin(angle), -0.3 + radius**2], 1)
    face[STABLE] = align.STABLE_REFERENCE
    face[[UPPER_LIP, LOWER_LIP]] = (0, 0.7, -0.35), (0, 0.72, -0.35)
    return face.astype(np.float32)


def grid_mesh(cells: int = 8) -> tuple[np.ndarray, Floats]:
    """Triangles i32 (T, 3) and points f32 (V, 2) of a grid over the texture."""
    ticks = np.linspace(0, TEXTURE_SIZE - 1, cells + 1)
    y, x = (v.ravel() for v in np.meshgrid(ticks, ticks, indexing="ij"))
    corner = np.arange(len(x)).reshape(cells + 1, cells + 1)
    a, b, c, d = (v.ravel() for v in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)]).astype(np.int32)
    return triangles, np.stack([x, y], 1).astype(np.float32)


def texture() -> np.ndarray:
    """A chequered square on grey, f32 (T, T, 3) RGB."""
    y, x = np.indices((TEXTURE_SIZE, TEXTURE_SIZE))
    chequers = np.where((x // 8 + y // 8) % 2, 180.0, 60.0)
    inside = (abs(x - 31.5) < 16) & (abs(y - 31.5) < 16)
    red = np.where(inside, chequers, 100.0)
    return np.stack([red, np.full_like(red, 100.0), 200 - red], -1).astype(np.float32)


def tiny_latents(size: int) -> Latents:
    return Latents(
        mean=np.zeros(size, np.float32),
        std=np.ones(size, np.float32),
        axes=np.eye(2, size, dtype=np.float32),
        kl=np.full(size, 0.5, np.float32),
        samples=np.linspace(-1, 1, 3 * size, dtype=np.float32).reshape(3, size),
        directions={"smile": np.eye(1, size, 3, dtype=np.float32)[0]},
    )


# --- graphs ---


def mesh_encoder() -> bytes:
    """landmarks, pose -> mean, logvar: the latents of the module's docstring."""
    opening = np.zeros((3 * LANDMARKS, 8), np.float32)
    opening[3 * LOWER_LIP + 1, 3], opening[3 * UPPER_LIP + 1, 3] = 10, -10
    turning = np.zeros((POSE_SIZE, 8), np.float32)
    turning[range(POSE_SIZE), [0, 1, 2, 4, 5, 6]] = [1 / 30] * 3 + [1] * 3
    nodes = [
        helper.make_node("Flatten", ["landmarks"], ["flat"]),
        helper.make_node("MatMul", ["flat", "opening"], ["from_landmarks"]),
        helper.make_node("MatMul", ["pose", "turning"], ["from_pose"]),
        helper.make_node("Add", ["from_landmarks", "from_pose"], ["mean"]),
        helper.make_node("Mul", ["mean", "zero"], ["logvar"]),
    ]
    constants = {"opening": opening, "turning": turning, "zero": np.zeros(1, np.float32)}
    inputs = {"landmarks": (TensorProto.FLOAT, LANDMARKS, 3), "pose": (TensorProto.FLOAT, POSE_SIZE)}
    return model(nodes, constants, inputs, {"mean": (TensorProto.FLOAT, 8), "logvar": (TensorProto.FLOAT, 8)})


def mesh_decoder(colours: np.ndarray | None = None, light: float = 20) -> bytes:
    """latent -> texture, points: inner points move with yaw and pitch, the texture brightens with the mouth.

    colours: f32 (T, T, C) 0 .. 255, `texture()` when None. light: levels per latent of the mouth.
    """
    colours = texture() if colours is None else colours
    _, points = grid_mesh()
    rest = np.column_stack([points, np.zeros(len(points))]).astype(np.float32)
    inner = (np.abs(points - 31.5) < 25).all(1)
    moving = np.zeros((8, len(points), 3), np.float32)
    moving[0, inner, 0], moving[1, inner, 1] = MOVE, -MOVE
    brighter = np.zeros((8, 1), np.float32)
    brighter[3] = light
    nodes = [
        helper.make_node("MatMul", ["latent", "moving"], ["moved"]),
        helper.make_node("Reshape", ["moved", "points_shape"], ["offsets"]),
        helper.make_node("Add", ["offsets", "rest"], ["points"]),
        helper.make_node("MatMul", ["latent", "brighter"], ["light"]),
        helper.make_node("Reshape", ["light", "pixel_shape"], ["light_pixel"]),
        helper.make_node("Add", ["light_pixel", "colours"], ["lit"]),
        *to_pixels("lit", "texture"),
    ]
    constants = {
        "moving": moving.reshape(8, -1),
        "points_shape": np.array([-1, len(points), 3]),
        "rest": rest[None],
        "brighter": brighter,
        "pixel_shape": np.array([-1, 1, 1, 1]),
        "colours": colours[None],
        **PIXEL_CONSTANTS,
    }
    outputs = {
        "texture": (TensorProto.UINT8, *colours.shape),
        "points": (TensorProto.FLOAT, len(points), 3),
    }
    return model(nodes, constants, {"latent": (TensorProto.FLOAT, 8)}, outputs)


def image_encoder(size: int = LATENT_SIZE["image"]) -> bytes:
    """crop -> mean, logvar of so many dimensions: the crop's mean colour, and zeros."""
    nodes = [
        helper.make_node("Cast", ["crop"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colour", "placing"], ["mean"]),
        helper.make_node("Mul", ["mean", "zero"], ["logvar"]),
    ]
    constants = {"placing": np.eye(3, size, dtype=np.float32) / 255, "zero": np.zeros(1, np.float32)}
    inputs = {"crop": (TensorProto.UINT8, CROP_SIZE, CROP_SIZE, 3)}
    return model(nodes, constants, inputs, {"mean": (TensorProto.FLOAT, size), "logvar": (TensorProto.FLOAT, size)})


def image_decoder() -> bytes:
    """latent -> image: a ramp to the colour."""
    ramp = np.linspace(0, 255, IMAGE_SIZE, dtype=np.float32)[:, None, None]
    nodes = [
        helper.make_node("MatMul", ["latent", "picking"], ["colour"]),
        helper.make_node("Reshape", ["colour", "pixel_shape"], ["pixel"]),
        helper.make_node("Mul", ["pixel", "ramp"], ["floats"]),
        *to_pixels("floats", "image"),
    ]
    constants = {
        "picking": np.eye(4, 3, dtype=np.float32),
        "pixel_shape": np.array([-1, 1, 1, 3]),
        "ramp": np.tile(ramp, (1, IMAGE_SIZE, 1))[None],
        **PIXEL_CONSTANTS,
    }
    outputs = {"image": (TensorProto.UINT8, IMAGE_SIZE, IMAGE_SIZE, 3)}
    return model(nodes, constants, {"latent": (TensorProto.FLOAT, 4)}, outputs)


PIXEL_CONSTANTS = {"black": np.float32(0), "white": np.float32(255), "half": np.float32(0.5)}


def to_pixels(name: str, output: str) -> list[onnx.NodeProto]:
    """f32 0 .. 255 -> uint8, rounded."""
    return [
        helper.make_node("Add", [name, "half"], [f"{name}_shifted"]),
        helper.make_node("Clip", [f"{name}_shifted", "black", "white"], [f"{name}_clipped"]),
        helper.make_node("Cast", [f"{name}_clipped"], [output], to=TensorProto.UINT8),
    ]


def model(nodes: list[onnx.NodeProto], constants: dict, inputs: dict[str, tuple], outputs: dict[str, tuple]) -> bytes:
    """Nodes, constants and ports {name: (type, *shape without batch)} -> a checked ONNX file."""

    def ports(described: dict[str, tuple]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, kind, ["N", *shape]) for name, (kind, *shape) in described.items()]

    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", ports(inputs), ports(outputs), stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def rewrite_actor(path: Path, change=None, card=None, **zip_options) -> None:
    """Write the zip again with `change(members: dict)` and `card(data: dict)` applied, hashes left as they are."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if card is not None:
        data = json.loads(members[CARD])
        card(data)
        members[CARD] = json.dumps(data).encode()
    if change is not None:
        change(members)
    with zipfile.ZipFile(path, "w", **zip_options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def write_tiny(path: Path, kind: ActorKind = "mesh", replace: dict[str, bytes] | None = None, **changes) -> Path:
    """A tiny actor with other members or card fields, hashes right."""
    card, members = tiny_parts(kind, path.stem)
    write_actor(path, dataclasses.replace(card, **changes), {**members, **(replace or {})})
    return path


def edited_graph(graph: bytes, change) -> bytes:
    model = onnx.load_from_string(graph)
    change(model)
    return model.SerializeToString()

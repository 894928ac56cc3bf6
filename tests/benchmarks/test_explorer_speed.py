"""How fast the explorer's face follows the mouse on this machine, through the real widget: `make bench`.

A round is PICTURES new faces on the screen while the mouse never rests: from the mouse's event by decoding and scaling
to the painted window. PICTURES divided by a round's seconds is the rate of updates (`updates_per_s`, of the median);
`cpu_ms` is what one update costs, all threads together, which a busy machine tells better. No limits to pass.
For two cores: `taskset -c 0,1 make bench ARGS="-k explorer"`.
"""

from __future__ import annotations

import dataclasses
import time
from itertools import count
from math import cos, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PyQt6.QtCore import QEventLoop, QPoint, QTimer
from PyQt6.QtTest import QTest
from tiny_actor import PIXEL_CONSTANTS, image_encoder, model, tiny_latents, tiny_parts, to_pixels

from puppet.actor.card import Golden
from puppet.actor.catalogue import DEFAULT_ACTOR, find_actor
from puppet.actor.file import DECODER, ENCODER, LATENTS, write_actor
from puppet.actor.golden import golden_means
from puppet.actor.latents import latents_to_bytes
from puppet.actor.runtime import Actor, load_actor
from puppet.explore.bookmarks import Bookmarks
from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.kit.application import make_application

PICTURES, ROUNDS = 30, 10
MOUSE_MS = 4  # between events of a mouse that reports 250 times a second
WINDOW = (1180, 760)  # px, as `puppet explore` opens it


def pixel_actor(path: Path) -> Path:
    """128 px and 200 latents: a pixel decoder of the size of the Keras seed's (4096 -> 64, 64, 32, 3 maps)."""
    random = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)

    nodes = [
        helper.make_node("Gemm", ["latent", "dense"], ["flat"]),
        helper.make_node("Reshape", ["flat", "maps"], ["x0"]),
    ]
    constants: dict[str, Any] = {"dense": weights(200, 4096), "maps": np.array([-1, 64, 8, 8]), **PIXEL_CONSTANTS}
    for i, (inside, outside) in enumerate(((64, 64), (64, 64), (64, 32), (32, 3))):
        constants[f"w{i}"] = weights(inside, outside, 3, 3)
        doubled: dict[str, Any] = {"strides": [2, 2], "pads": [0, 0, 1, 1], "kernel_shape": [3, 3]}
        nodes.append(helper.make_node("ConvTranspose", [f"x{i}", f"w{i}"], [f"y{i}"], **doubled))
        nodes.append(helper.make_node("LeakyRelu", [f"y{i}"], [f"x{i + 1}"]))
    nodes += [
        helper.make_node("Sigmoid", ["x4"], ["shares"]),
        helper.make_node("Mul", ["shares", "white"], ["levels"]),
        helper.make_node("Transpose", ["levels"], ["lasting"], perm=[0, 2, 3, 1]),
        *to_pixels("lasting", "image"),
    ]
    graph = model(nodes, constants, {"latent": (TensorProto.FLOAT, 200)}, {"image": (TensorProto.UINT8, 128, 128, 3)})
    card, members = tiny_parts("image", path.stem)
    card = dataclasses.replace(card, image_size=128, latent_size=200)
    encoder, latents = image_encoder(200), tiny_latents(200)
    face = Actor(card, encoder, graph, latents).neutral_portrait().image
    card = dataclasses.replace(card, golden=Golden(golden_means(face)))
    write_actor(path, card, {**members, ENCODER: encoder, DECODER: graph, LATENTS: latents_to_bytes(latents)})
    return path


@pytest.fixture(params=[128, 256])
def actor(request, tmp_path) -> Actor:
    """The size is that of its pictures, px; 256: the built-in one."""
    path = pixel_actor(tmp_path / "pixels.actor") if request.param == 128 else find_actor(DEFAULT_ACTOR)
    made = load_actor(path, provider="cpu")
    assert made.card.image_size == request.param
    return made


def test_explorer_updates(benchmark, actor: Actor, tmp_path) -> None:
    application = make_application()
    window, small = ExplorerWidget(actor, Bookmarks(tmp_path), seed=1), []
    window.worker.thumbnail.connect(lambda direction, *_: small.append(direction))
    window.resize(*WINDOW)
    window.show()
    while not (window.rows.complete and len(small) == len(window.rows.rows)):
        application.processEvents()
    steps, painted, mouse = count(), count(), QTimer()
    pointer: Any = QTest  # PyQt6's annotations forget that these are static

    def move() -> None:
        angle, box = 0.05 * next(steps), window.pane.picture
        x, y = box.center().x() + 0.4 * box.width() * cos(angle), box.center().y() + 0.4 * box.height() * sin(angle)
        pointer.mouseMove(window.windowHandle(), window.pane.mapTo(window, QPoint(round(x), round(y))))

    def follow() -> None:
        loop, first = QEventLoop(), next(painted)
        window.pane.painted.connect(lambda _: loop.quit() if next(painted) - first >= PICTURES else None)
        loop.exec()
        window.pane.painted.disconnect()

    mouse.timeout.connect(move)
    mouse.start(MOUSE_MS)
    follow()
    before = time.process_time()
    benchmark.pedantic(follow, rounds=ROUNDS)
    cpu = (time.process_time() - before) / (PICTURES * ROUNDS)
    mouse.stop()
    benchmark.extra_info["updates_per_s"] = round(PICTURES / benchmark.stats.stats.median, 1)
    benchmark.extra_info["cpu_ms"] = round(1000 * cpu, 2)
    print(f"\n{actor.card.image_size} px: {benchmark.extra_info}")
    window.close()
    assert window.worker.decoded >= PICTURES * ROUNDS

"""The explorer as a program of its own, under a real mouse on a real screen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from engine_fakes import eventually
from tiny_actor import IMAGE_SIZE, MOVE, tiny_actor
from x_screen import Screen

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def screen(display) -> Iterator[Screen]:
    screen = Screen(display)
    yield screen
    screen.close()


@pytest.fixture
def explorer(screen, tmp_path) -> Iterator[subprocess.Popen[str]]:
    """`puppet explore` on the tiny actor: latent 0 moves its square to the right, latent 1 upwards."""
    env = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")}
    env |= {"PUPPET_CONFIG_DIR": str(tmp_path / "config"), "DISPLAY": screen.name}
    program = subprocess.Popen(
        [sys.executable, "-m", "puppet", "explore", str(tiny_actor(tmp_path / "tiny.actor"))],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield program
    if program.poll() is None:
        program.kill()
    program.communicate(timeout=60)


def square(image: np.ndarray) -> tuple[float, float, float, float] | None:
    """Where the largest orange and blue thing on the screen is, px: middle x and y, width and height."""
    vivid = (cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 1] > 100).astype(np.uint8)
    joined = cv2.morphologyEx(vivid, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return None
    x, y, width, height, area = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    return (x + width / 2, y + height / 2, width, height) if area > 10_000 else None


def test_the_face_follows_a_real_mouse(screen, explorer):
    screen.move(1390, 890)  # beside the window
    seen = eventually(lambda: square(screen.look()), timeout=120)
    assert seen, "no picture came"
    middle_x, middle_y, width, _ = seen
    scale = width / (IMAGE_SIZE / 2)  # the square is half as wide as the picture
    half, move = IMAGE_SIZE / 2 * scale, MOVE * scale

    def stands(x: float, y: float) -> bool:
        """Whether the square has moved by (x, y) latents."""
        now = square(screen.look())
        return now is not None and np.allclose(now[:2], (middle_x + x * move, middle_y - y * move), atol=0.3 * move)

    for x, y in ((0.9, 0.9), (-0.9, 0.9), (-0.9, -0.9)):
        screen.move(middle_x + x * half, middle_y - y * half)
        assert eventually(lambda x=x, y=y: stands(x, y)), f"the face is not where the mouse is, at {x}, {y}"
    screen.click()  # frozen
    screen.move(middle_x + 0.9 * half, middle_y)
    screen.move(middle_x, middle_y + 0.5 * half)
    assert stands(-0.9, -0.9)
    screen.click()
    screen.move(middle_x + 0.5 * half, middle_y)
    assert eventually(lambda: stands(0.5, 0))
    screen.press("0")
    assert eventually(lambda: stands(0, 0))
    screen.press("q")
    _, errors = explorer.communicate(timeout=120)
    assert explorer.returncode == 0, errors

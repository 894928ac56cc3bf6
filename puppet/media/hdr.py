"""Tone mapping: HDR signals (PQ, HLG) -> the BT.709 picture that an SDR screen shows, as a table for ffmpeg."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

TRANSFERS = ("smpte2084", "arib-std-b67")  # PQ and HLG, as ffmpeg calls them
WHITES = (100.0, 203.0)  # cd/m2 that diffuse white may have: an SDR screen's (BT.1886), and BT.2408's
PEAK = 1000.0  # cd/m2 that become the brightest white, and the peak of the screen that HLG is made for
KNEE = 0.7  # of diffuse white; below it light stays as it is
SDR_GAMMA = 2.4  # BT.1886
NODES = 33  # of the table, along each axis; PQ and HLG are even to the eye, so even steps suit

TO_BT709 = {  # linear light; BT.2087 and SMPTE EG 432-1
    "bt2020": [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    "smpte432": [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]],
    "bt709": np.eye(3).tolist(),
}

Light = NDArray[np.float64]


def light_of(signal: ArrayLike, transfer: str) -> Light:
    """RGB signal (..., 3), 0..1, of a transfer in `TRANSFERS` -> cd/m2."""
    encoded: Light = np.clip(np.asarray(signal, np.float64), 0, 1)
    return _pq(encoded) if transfer == "smpte2084" else _hlg(encoded)


def white_of(signal: ArrayLike, transfer: str) -> float:
    """Diffuse white of a video, cd/m2, by some of its pixels: what a hundredth of them exceeds, within `WHITES`."""
    brightest: Light = light_of(signal, transfer).max(axis=-1)
    white = float(np.quantile(brightest, 0.99))
    return min(max(white, WHITES[0]), WHITES[1])


def to_sdr(signal: ArrayLike, transfer: str, primaries: str = "bt2020", white: float = WHITES[0]) -> Light:
    """RGB signal (..., 3), 0..1, of a transfer in `TRANSFERS` -> RGB (..., 3), 0..1, for BT.709 and BT.1886.

    What is no brighter than `KNEE` of diffuse white looks as it does in an SDR picture; what is brighter is compressed,
    its hue kept. Primaries that are not known count as BT.2020.
    """
    light = light_of(signal, transfer) / white
    light = np.maximum(light @ np.array(TO_BT709.get(primaries, TO_BT709["bt2020"])).T, 0)
    brightest = light.max(axis=-1, keepdims=True)
    light *= _shoulder(brightest, PEAK / white) / np.maximum(brightest, 1e-9)
    return np.clip(light, 0, 1) ** (1 / SDR_GAMMA)


@functools.cache
def cube(transfer: str, primaries: str = "bt2020", white: float = WHITES[0]) -> str:
    """`to_sdr` as a table in the .cube format (Adobe, 2013), which ffmpeg's lut3d reads; red changes fastest."""
    steps = np.linspace(0, 1, NODES)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = to_sdr(np.stack([red, green, blue], axis=-1), transfer, primaries, white).reshape(-1, 3)
    return f"LUT_3D_SIZE {NODES}\n" + "".join(f"{r:.5f} {g:.5f} {b:.5f}\n" for r, g, b in table)


def _pq(encoded: Light) -> Light:
    """cd/m2; SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = encoded ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def _hlg(encoded: Light) -> Light:
    """cd/m2 on a screen of `PEAK`, whose system gamma is 1.2; BT.2100."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(encoded <= 0.5, encoded**2 / 3, (np.exp((encoded - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return PEAK * np.maximum(luminance, 1e-9)[..., None] ** 0.2 * scene


def _shoulder(x: Light, peak: float) -> Light:
    """X up to `KNEE`, then bent so that `peak` becomes 1 (Moebius transform with slope 1 at the knee)."""
    j, p = KNEE, peak
    a = -(j**2) * (p - 1) / (j**2 - 2 * j + p)
    b = (j**2 - 2 * j * p + p) / (p - 1)
    bent = (b**2 + 2 * b * j + j**2) / (b - a) * (x + a) / (x + b)
    return np.where(x <= j, x, bent)

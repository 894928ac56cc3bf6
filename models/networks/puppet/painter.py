"""The trained half of the puppet: measurements of a face -> appearance latents -> the texture that the mesh shows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.layers import PlacedConv, he_initialise
from models.networks.puppet.geometry import MOVEMENT
from puppet.face import measurements
from puppet.head.eyes import LOOK
from puppet.head.vertices import EYEBALL_COLUMNS, FOOT, MOUTH_COLUMNS

# Appearance groups: which measurements they see, how many latents they get, and which cells of the painter's first map
# they paint (rows and columns, from and up to). Regions that cannot see each other cannot learn that brows only rise
# when the mouth opens, however often the footage shows it so.
_OF_MOUTH = (
    "mouth_open", "mouth_width", "mouth_corner_right", "mouth_corner_left", "mouth_side", "upper_lip",
    "upper_lip_thickness", "lower_lip_thickness", "lip_protrusion", "jaw_open", "jaw_side", "nose_width",
)  # fmt: skip
RGBA = 4  # channels; colours are premultiplied
CELLS = 8  # side of the painter's first map
Cells = tuple[int, int, int, int]


def _in_foot(left: float, right: float) -> Cells:
    return round((1 - FOOT) * CELLS), CELLS, round(left * CELLS), round(right * CELLS)


EYE_RIGHT: tuple[Cells, ...] = ((2, 5, 0, 4), _in_foot(*EYEBALL_COLUMNS[0]))  # around the eye; its eyeball's picture
EYE_LEFT: tuple[Cells, ...] = ((2, 5, 4, 8), _in_foot(*EYEBALL_COLUMNS[1]))
MOUTH: tuple[Cells, ...] = ((3, 7, 0, 8), *(_in_foot(*columns) for columns in MOUTH_COLUMNS))  # around it; the teeth's
GROUPS: dict[str, tuple[tuple[str, ...], int, tuple[Cells, ...]]] = {
    "eye_right": (("lids_right", "gaze_x_right", "gaze_y_right", "cheek_right"), 5, EYE_RIGHT),
    "eye_left": (("lids_left", "gaze_x_left", "gaze_y_left", "cheek_left"), 5, EYE_LEFT),
    "brows": (tuple(n for n in measurements.MEASUREMENT_NAMES if n.startswith("brow")), 4, ((1, 4, 0, 8),)),
    "mouth": ((*_OF_MOUTH, "cheek_right", "cheek_left"), 12, MOUTH),
}
APPEARANCE = sum(size for _, size, _ in GROUPS.values())

HIDDEN = 64  # units of each group's encoder
LOGVAR_RANGE = (-8.0, 2.0)


class AppearanceEncoder(nn.Module):
    """Bounded measurements (B, M) -> mean, logvar (B, 26): one small network per group of GROUPS.

    No group sees the measurements of another one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups = nn.ModuleList()
        for i, (names, size, _) in enumerate(GROUPS.values()):
            index = [measurements.MEASUREMENT_NAMES.index(name) for name in names]
            self.register_buffer(f"index_{i}", torch.tensor(index), persistent=False)
            self.groups.append(
                nn.Sequential(
                    nn.Linear(len(index), HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(),
                    nn.Linear(HIDDEN, 2 * size),
                )
            )  # fmt: skip

    def forward(self, measured: Tensor) -> tuple[Tensor, Tensor]:
        """Bounded measurements (B, M) in standard deviations -> mean, logvar, each (B, 26)."""
        parts = [g(measured[:, getattr(self, f"index_{i}")]).chunk(2, 1) for i, g in enumerate(self.groups)]
        mean = torch.cat([mean for mean, _ in parts], 1)
        logvar = torch.cat([logvar for _, logvar in parts], 1)
        return mean, logvar.clamp(*LOGVAR_RANGE)


class TexturePainter(nn.Module):
    """Movement, gaze and appearance latents (B, 6 + 2 + 26) -> texture (B, 4, P, P): a mean plus a difference from it.

    channels: of the maps at 8, 16, 32 ... cells; the last map is brought to P by one pixel shuffle, since wide maps
    at full resolution are what costs time on a CPU (Shi et al. 2016). For the same reason maps are convolved first and
    enlarged then, and nothing but each texel's own cell decides in the last layer.
    """

    reach: Tensor

    def __init__(self, channels: tuple[int, ...], size: int) -> None:
        super().__init__()
        last = CELLS * 2 ** (len(channels) - 1)
        self.shuffle = size // last
        if last * self.shuffle != size:
            raise ValueError(f"painted size {size} is no multiple of {last}")
        self.mean = nn.Parameter(torch.zeros(RGBA, size, size))
        self.stem = nn.Linear(MOVEMENT + LOOK + APPEARANCE, channels[0] * CELLS * CELLS)
        self.register_buffer("reach", _reach().repeat(1, channels[0], 1, 1).flatten(1), persistent=False)
        # the first map's cells do not look at their neighbours: what a group paints there spreads far
        self.blocks = nn.ModuleList(
            PlacedConv(a, b, CELLS * 2**k, kernel=3 if k else 1)
            for k, (a, b) in enumerate(zip(channels, channels[1:], strict=False))
        )
        self.last = PlacedConv(channels[-1], channels[-1], last)
        self.colours = nn.Conv2d(channels[-1], RGBA * self.shuffle**2, 1)
        he_initialise(self)
        with torch.no_grad():
            self.colours.weight.mul_(0.1)  # start at the mean

    def forward(self, latent: Tensor) -> Tensor:
        """Latent (B, 6 + 2 + 26) -> texture (B, 4, P, P), premultiplied, about 0..1, not clamped."""
        weight = self.stem.weight.T * self.reach
        x = F.leaky_relu(latent @ weight + self.stem.bias, 0.2).unflatten(1, (-1, CELLS, CELLS))
        for block in self.blocks:
            x = F.interpolate(block(x), scale_factor=2, mode="nearest")
        return self.mean + F.pixel_shuffle(self.colours(self.last(x)), self.shuffle)


def _reach() -> Tensor:
    """(6 + 2 + 26, 1, 8, 8): 1 where a latent may paint, 0 elsewhere; the head's movement paints everywhere."""
    places = [(LOOK, EYE_RIGHT + EYE_LEFT), *((size, cells) for _, size, cells in GROUPS.values())]
    masks = [torch.ones(MOVEMENT, 1, CELLS, CELLS)]
    for size, cells in places:
        mask = torch.zeros(size, 1, CELLS, CELLS)
        for top, bottom, left, right in cells:
            mask[:, :, top:bottom, left:right] = 1
        masks.append(mask)
    return torch.cat(masks)

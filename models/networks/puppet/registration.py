"""How hair, ears and neck move with the head: fitted to the footage, since no landmark lies on them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from scipy.spatial import Delaunay
from torch import Tensor

from models.networks.puppet.geometry import Geometry, Placements
from models.networks.puppet.mesh import BASE_VERTICES, FACE_POINTS, RING_SIZE
from puppet.face.landmarks import OVAL

STEPS = 150
FRAMES_PER_STEP = 24
LEARNING_RATE = 0.02  # eye distances, or units of follow's logit
TEXELS = 96  # side of the grid the frames are compared on
SMOOTH, STAY = 0.3, 0.02  # weights: ring neighbours move alike; stay near the first guess
FOLLOW_MARGIN = 0.02  # follow stays this far from 0 and 1 at the start, where a logistic still has a slope


def register_rings(
    geometry: Geometry, texture_points: Tensor, pictures: Tensor, placements: Placements, generator: torch.Generator
) -> None:
    """Fit depth and share of the head's movement of the rings, so that the unwarped frames agree with each other.

    Group-wise registration, Cootes et al. 2004 ("Groupwise diffeomorphic registration"), with a mesh for the warp.
    texture_points (V, 2) px of the layout; pictures uint8 (N, S, S, 3); placements: what `Geometry.place` takes, for
    the same N frames. Writes the rings' rows of `geometry.rest` and `geometry.follow`.
    """
    rings = slice(FACE_POINTS, FACE_POINTS + len(RING_SIZE) * len(OVAL))
    corners, shares = _texels(texture_points[:BASE_VERTICES], rings)
    size = pictures.shape[1]
    frames = F.avg_pool2d(pictures.permute(0, 3, 1, 2).float() / 255, max(1, size // TEXELS))
    start, follow = geometry.rest.clone(), geometry.follow.clone()
    shift = torch.zeros_like(start[rings], requires_grad=True)
    share = follow[rings].clamp(FOLLOW_MARGIN, 1 - FOLLOW_MARGIN).logit()
    share_shift = torch.zeros_like(share, requires_grad=True)
    mean = None
    optimiser = torch.optim.Adam([shift, share_shift], lr=LEARNING_RATE)
    for _ in range(STEPS):
        chosen = torch.randperm(len(frames), generator=generator)[:FRAMES_PER_STEP]
        rest = torch.cat([start[: rings.start], start[rings] + shift, start[rings.stop :]])
        followed = torch.cat([follow[: rings.start], (share + share_shift).sigmoid(), follow[rings.stop :]])
        vertices = geometry.place(*(p[chosen] for p in placements), rest=rest, follow=followed)[..., :2]
        places = (vertices[:, corners] * shares[..., None]).sum(2)
        grid = (2 * places / (size - 1) - 1)[:, :, None]
        unwarped = F.grid_sample(frames[chosen], grid, padding_mode="border", align_corners=True)[..., 0]
        now = unwarped.detach().mean(0)
        mean = now if mean is None else torch.lerp(mean, now, 0.1)
        disagreement = ((unwarped - mean).square() + 1e-4).sqrt().mean()
        around = shift.unflatten(0, (len(RING_SIZE), -1))
        smooth = (around - around.roll(1, 1)).square().mean()
        smooth = smooth + 0.1 * (share_shift - share_shift.roll(1)).square().mean()
        stay = shift.square().mean() + 0.1 * share_shift.square().mean()
        optimiser.zero_grad()
        (disagreement + SMOOTH * smooth + STAY * stay).backward()
        optimiser.step()
    with torch.no_grad():
        geometry.rest[rings] += shift
        geometry.follow[rings] = (share + share_shift).sigmoid()


def _texels(texture_points: Tensor, rings: slice) -> tuple[Tensor, Tensor]:
    """Grid texels in triangles that touch a ring: their corners (P, 3) and barycentric shares (P, 3)."""
    layout = Delaunay(texture_points.numpy())
    side = texture_points.max()
    steps = torch.linspace(0, float(side), TEXELS)
    texels = torch.cartesian_prod(steps, steps).numpy()
    triangle = layout.find_simplex(texels)
    texels, triangle = texels[triangle >= 0], triangle[triangle >= 0]
    affine = layout.transform[triangle]
    two = torch.from_numpy((affine[:, :2] @ (texels - affine[:, 2])[..., None])[..., 0])
    corners = torch.from_numpy(layout.simplices[triangle]).long()
    on_ring = ((corners >= rings.start) & (corners < rings.stop)).any(1)
    shares = torch.cat([two, 1 - two.sum(1, keepdim=True)], 1).float()
    return corners[on_ring], shares[on_ring]

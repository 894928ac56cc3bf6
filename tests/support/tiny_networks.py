"""Tiny networks of both kinds of actor, with a data set of made-up inputs, for the exporter."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import tiny_actor as tiny
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from export.run_export import Declaration, export_actor
from models.networks.base import ActorModel, to_network, to_picture
from puppet.core.types import POSE_SIZE

DECLARED = Declaration("Ada", "Ada agreed, in writing, on 2 May 2026.", "CC0-1.0")


TRAINING = {"frames": 40, "steps": 7, "metrics": {"psnr": 31.5}}


FRAMES = 40


class Tiny(ActorModel):
    """What the exporter does not ask for is left out."""

    def __init__(self) -> None:
        super().__init__(None)
        self.image_size = tiny.IMAGE_SIZE

    def make_batches(self, dataset: Any, rows: Any, augment: bool) -> Any:
        assert not augment
        return SimpleNamespace(batch=lambda rows, _: {k: torch.from_numpy(v[rows]) for k, v in dataset.inputs.items()})

    def not_asked_for(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    encode = loss = evaluate = render = drive = not_asked_for


class TinyMesh(Tiny):
    encoder_inputs = ("landmarks", "pose")
    latent_size = 3 + POSE_SIZE

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        triangles, points = tiny.grid_mesh()
        self.triangles, self.texture_points = triangles, points
        self.features = nn.Linear(3 * 478, 3)
        self.paint = nn.Sequential(
            nn.Linear(3 + POSE_SIZE, 48), nn.Unflatten(1, (3, 4, 4)), nn.Upsample(scale_factor=16)
        )
        self.register_buffer("rest", torch.from_numpy(np.column_stack([points, 0 * points[:, :1]]).astype(np.float32)))

    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, landmarks, pose: (
            torch.cat([m.features(landmarks.flatten(1) - 0.1), pose / 30], 1), torch.full((1, 3 + POSE_SIZE), -2.0),
        ))  # fmt: skip

    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, latent: (
            to_picture(m.paint(latent).sigmoid()), m.rest + F.pad(4 * latent[:, None, 3:5], (0, 1)),
        ))  # fmt: skip

    def exported_facts(self) -> dict[str, Any]:
        mesh = {"triangles": self.triangles, "texture_points": self.texture_points, "texture_size": 64}
        return {"kind": "mesh", "neutral": tiny.neutral(), **mesh}


class TinyImage(Tiny):
    encoder_inputs = ("crop",)
    latent_size = 5

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.look = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(256, 10))
        self.draw = nn.Sequential(nn.Linear(5, 48), nn.Unflatten(1, (3, 4, 4)), nn.Upsample(scale_factor=16))

    def inference_encoder(self) -> nn.Module:
        return Forward(self, lambda m, crop: m.look(to_network(crop)).chunk(2, 1))

    def inference_decoder(self) -> nn.Module:
        return Forward(self, lambda m, latent: to_picture(m.draw(latent).sigmoid()))

    def exported_facts(self) -> dict[str, Any]:
        return {"kind": "image", "neutral": tiny.neutral(), "crop_size": tiny.CROP_SIZE}


class Forward(nn.Module):
    """A function of a model as a network."""

    def __init__(self, model: nn.Module, function) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs: Tensor):
        return self.function(self.model, *inputs)


class FakeDataset:
    """Frames of made-up inputs; frame 17 is nearest to rest."""

    has_landmarks = True

    def __init__(self, frames: int = FRAMES) -> None:
        random = np.random.default_rng(0)
        self.neutral = tiny.neutral()
        self.canonical = (self.neutral + random.normal(0, 0.05, (frames, 478, 3))).astype(np.float32)
        self.pose = random.uniform(-25, 25, (frames, POSE_SIZE)).astype(np.float32)
        if frames > 17:
            self.canonical[17], self.pose[17] = self.neutral, 1.0
        crops = random.integers(0, 256, (frames, tiny.CROP_SIZE, tiny.CROP_SIZE, 3), dtype=np.uint8)
        self.inputs = {"landmarks": self.canonical, "pose": self.pose, "crop": crops}

    def __len__(self) -> int:
        return len(self.pose)

    def in_parts(self, name: str):
        yield getattr(self, name)


def export_to(out: Path, model: ActorModel, frames: int = FRAMES):
    return export_actor(model, cast(Any, FakeDataset(frames)), out, DECLARED, TRAINING)

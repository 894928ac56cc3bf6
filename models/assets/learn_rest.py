"""Learn `puppet/assets/rest.npz` from synthetic people whose expressions are known.

puppet/face/rest_prior.py uses it.

`python -m models.assets.learn_rest FOOTAGE/marble FOOTAGE/ada FOOTAGE/driver -o puppet/assets/rest.npz`

NAME stands for NAME.mp4 and NAME.npz: `names` (K), `weights` f32 (N, K), `rot` and `gaze` in degrees, `fps`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.assets.synthetic_clips import Clip, Person, RandomPeople, read_person, simulated
from models.common.arguments import learn_from_people
from puppet.core.types import LANDMARKS, Floats
from puppet.face import align
from puppet.face.landmarks import BROWS, EYE_LEFT, EYE_RIGHT, LIPS
from puppet.face.measurements import nearness
from puppet.face.neutral import calmest_shape
from puppet.face.rest_prior import (
    RANGE,
    REGIONS,
    Attention,
    Correction,
    arrays_of,
    mouth_features,
    region_features,
    region_measurement_names,
    region_measurements,
)

CLIPS = 1800  # simulated per person
UNITS = 32  # hidden units
STEPS, BATCH = 2500, 64  # clips
LEARNING_RATE, DECAY = 4e-3, 0.1
BLUR = 0.4  # standard deviations of noise on the inputs, against overfitting to single people
NEAR = 0.3  # standard deviations; larger errors count linearly (Huber)
WEIGHTS = {"upper_lip_thickness": 1.5, "lower_lip_thickness": 1.5, "mouth_width": 1.5}  # pressing, smiling change them
RIDGE = 300.0  # on standardised descriptions; chosen by cross-validation over people
RANK = 12  # shapes per region; they carry 99.7 % of what the full regression predicts


def fit_attention(clips: Sequence[Clip], seed: int = 0) -> Attention:
    """Weights of a clip's faces for which the mean of the mouth's measurements is nearest to those at rest."""
    count, most = len(clips), max(len(clip.shapes) for clip in clips)
    looks = [mouth_features(clip.shapes, clip.angles) for clip in clips]
    values = [region_measurements("mouth", clip.shapes) for clip in clips]
    placed = [align.canonicalise(clip.rest, np.median(clip.shapes, 0))[0] for clip in clips]
    rests = [region_measurements("mouth", rest) for rest in placed]
    mean, scale = np.concatenate(looks).mean(0), np.concatenate(looks).std(0) + 1e-4
    unit = np.concatenate([value - rest for value, rest in zip(values, rests, strict=True)]).std(0)
    unit = unit / [WEIGHTS.get(name, 1.0) for name in region_measurement_names("mouth")]
    inputs, missing = np.zeros((count, most, len(mean)), np.float32), np.zeros((count, most, len(unit)), np.float32)
    there = np.zeros((count, most), bool)
    for row, (look, value, rest) in enumerate(zip(looks, values, rests, strict=True)):
        inputs[row, : len(look)] = np.clip((look - mean) / scale, -RANGE, RANGE)
        missing[row, : len(look)] = (value - rest) / unit
        there[row, : len(look)] = True
    hidden, out = _train(torch.from_numpy(inputs), torch.from_numpy(missing), torch.from_numpy(there), seed)
    return Attention(mean, scale, hidden, out)


def _train(inputs: Tensor, missing: Tensor, there: Tensor, seed: int) -> tuple[Floats, Floats]:
    """Weights (F + 1, H) and (H,) of the network.

    inputs (C, N, F); missing (C, N, M): difference of each face from rest; there (C, N): whether there is a face.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        hidden, out = torch.nn.Linear(inputs.shape[-1], UNITS), torch.nn.Linear(UNITS, 1, bias=False)
        parameters = [*hidden.parameters(), *out.parameters()]
        optimizer = torch.optim.AdamW(parameters, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS)
        for _ in range(STEPS):
            rows = torch.randint(0, len(inputs), (BATCH,))
            looks = inputs[rows]
            looks = looks + BLUR * (torch.randn_like(looks[:, :1]) + 0.5 * torch.randn_like(looks))
            logits = out(functional.silu(hidden(looks)))[..., 0].masked_fill(~there[rows], -torch.inf)
            pooled = (logits.softmax(1)[..., None] * missing[rows]).sum(1)
            loss = functional.smooth_l1_loss(pooled, torch.zeros_like(pooled), beta=NEAR)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    weight = torch.cat([hidden.weight.T, hidden.bias[None]])
    return weight.detach().numpy(), out.weight[0].detach().numpy()


def fit_corrections(attention: Attention, clips: Sequence[Clip]) -> dict[str, Correction]:
    """Reduced-rank ridge regression (Izenman 1975) of the difference to rest on the descriptions, by region."""
    calm, truth, described = [], [], {region: [] for region in REGIONS}
    for clip in clips:
        calm.append(calmest_shape(clip.shapes, attention.counts(mouth_features(clip.shapes, clip.angles))))
        truth.append(align.canonicalise(clip.rest, calm[-1])[0])
        for region in REGIONS:
            described[region].append(region_features(region, calm[-1], clip.shapes, clip.angles))
    average = np.mean(truth, 0)
    eyes = np.maximum(nearness(average, EYE_RIGHT, 0.06), nearness(average, EYE_LEFT, 0.06))
    where = {
        "mouth": np.maximum(nearness(average, LIPS, 0.25), average[:, 1] > 0.75) * (1 - eyes),
        "brows": nearness(average, BROWS, 0.12) * (1 - eyes),
    }
    offsets = np.stack(truth) - np.stack(calm)
    return {region: _regressed(np.stack(described[region]), offsets * near[:, None]) for region, near in where.items()}


def _regressed(described: Floats, missing: Floats) -> Correction:
    """The regression of `missing` (C, 478, 3) on `described` (C, K)."""
    missing = missing.reshape(len(missing), -1)
    mean, scale = described.mean(0), described.std(0) + 1e-4
    known = np.clip((described - mean) / scale, -RANGE, RANGE)
    known = np.concatenate([known, np.ones((len(known), 1))], 1)
    gram = known.T @ known
    weights = np.linalg.solve(gram + RIDGE * np.eye(len(gram)), known.T @ missing)
    root = np.linalg.cholesky(gram / len(known) + 1e-6 * np.eye(len(gram)))
    shapes = np.linalg.svd(root.T @ weights, full_matrices=False)[2][:RANK]
    return Correction(mean, scale, weights @ shapes.T, shapes.reshape(-1, LANDMARKS, 3))


def learn(people: Sequence[Person], count: int = CLIPS, seed: int = 0) -> dict[str, Floats]:
    """The arrays of `rest.npz`, from `count` simulated clips per person for each of the two parts."""
    rng = np.random.default_rng(seed)
    others = RandomPeople(np.mean([person.rest for person in people], 0), rng)

    def clips() -> list[Clip]:
        return [simulated(person, others, rng) for person in people for _ in range(count)]

    attention = fit_attention(clips(), seed)
    return arrays_of(attention, fit_corrections(attention, clips()))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code (`learn_from_people`)."""
    return learn_from_people(__doc__, read_person, learn, argv)


if __name__ == "__main__":
    sys.exit(main())

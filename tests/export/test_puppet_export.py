"""The default actor, fitted to a drawn person, as a file that the app plays: in layers, and opaque."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="export needs the extra 'train'")

import torch
from drawn_person import PAINTED, ROWS, SIZE, TEXTURE, angles_of_frames, fit, footage, generator
from planted_face import rest_face
from tiny_networks import DECLARED

from export.run_export import export_actor
from models.common.types import Batch
from models.data.dataset import Dataset
from models.networks.puppet.model import PuppetVAE
from puppet.actor.catalogue import read_preview
from puppet.actor.file import DETAIL, PLATE, read_actor
from puppet.actor.runtime import Actor, load_actor
from puppet.core.types import Drive, Image, Portrait

SHOWN = ROWS[::8]


@dataclass(frozen=True)
class Exported:
    path: Path
    model: PuppetVAE
    dataset: Dataset
    actor: Actor
    batch: Batch  # of SHOWN

    def portraits(self, behind: Image | None = None) -> list[Portrait]:
        drives = zip(self.batch["landmarks"].numpy(), self.batch["pose"].numpy(), strict=True)
        latents = [self.actor.encode(Drive(landmarks, pose, 0.0), None) for landmarks, pose in drives]
        return [self.actor.decode(latent, behind) for latent in latents]


@pytest.fixture(scope="module", params=[True, False], ids=["layers", "opaque"])
def exported(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    torch.set_num_threads(1)
    with ExitStack() as stack:
        dataset = stack.enter_context(footage("f.h5", rest_face(), angles_of_frames(), matte=request.param))
        model = fit(dataset).eval()
        with torch.no_grad():
            model.painter.colours.weight.mul_(0.1)  # untrained, it paints noise where nothing of the person is
        out = tmp_path_factory.mktemp("exported") / "ada.actor"
        export_actor(model, dataset, out, DECLARED, {})
        batch = model.make_batches(dataset, ROWS, augment=False).batch(SHOWN, generator())
        yield Exported(out, model, dataset, load_actor(out, "cpu", threads=1), batch)


def test_the_app_draws_what_the_model_renders(exported: Exported) -> None:
    """To 2 levels, but for single pixels at edges that points a hundredth of a pixel away decide."""
    rendered = exported.model.render(exported.batch).numpy()[..., ::-1]
    for portrait, expected in zip(exported.portraits(), rendered, strict=True):
        off = np.abs(portrait.image.astype(int) - expected).max(-1)
        assert (off > 2).mean() < 0.005
        assert portrait.image.std() > 20


def test_the_file_has_the_layers_that_the_card_names(exported: Exported) -> None:
    layers = exported.dataset.has_matte
    card, members = read_actor(exported.path)
    assert (card.painted_size, card.texture_size, card.image_size) == (PAINTED, TEXTURE, SIZE)
    assert card.layers == layers
    assert DETAIL in members
    assert (PLATE in members) == layers
    if layers:
        assert exported.actor.plate is not None
        np.testing.assert_array_equal(exported.actor.plate[..., ::-1], exported.model.plate)
        assert card.triangles is not None
        assert len(card.triangles) < len(exported.model.triangles)
    else:
        assert exported.actor.plate is None
        assert card.triangles is not None
        assert len(card.triangles) == len(exported.model.triangles)


def test_another_background_shows_around_the_person_alone(exported: Exported) -> None:
    green = np.zeros((SIZE, SIZE, 3), np.uint8)
    green[..., 1] = 255
    mattes = exported.dataset.mattes(SHOWN) if exported.dataset.has_matte else None
    for i, (before, own) in enumerate(zip(exported.portraits(green), exported.portraits(), strict=True)):
        if mattes is None:
            assert before.person is None
            np.testing.assert_array_equal(before.image, own.image)
            continue
        assert before.person is not None
        alpha = before.person[..., 3]
        assert np.median(alpha[mattes[i] == 255]) > 245
        assert np.median(alpha[mattes[i] == 0]) < 10
        assert np.abs(before.image.astype(int) - own.image)[alpha == 255].max() <= 1
        np.testing.assert_allclose(before.image[alpha == 0].astype(int), green[alpha == 0], atol=8)  # rounding
        assert (alpha == 0).any()


def test_preview_and_golden_picture_are_over_the_plate(exported: Exported) -> None:
    preview = read_preview(exported.path)
    assert preview.shape == (256, 256, 3)
    picture = exported.dataset.images(ROWS).mean(0)[..., ::-1]
    corner = picture[:4, :4].mean((0, 1))
    np.testing.assert_allclose(preview[:12, :12].mean((0, 1)), corner, atol=12)
    assert exported.actor.golden_difference() <= exported.actor.card.golden.tolerance

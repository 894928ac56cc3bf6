"""The default architecture on a drawn person: statistics, training, driving, export."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_person import (
    CONFIG,
    PAINTED,
    ROWS,
    SIZE,
    TEXTURE,
    N,
    generator,
    median_pose,
)
from planted_face import LID_GAP, MIDDLE, SCALE, UPRIGHT, expression, rest_face, tracked

from models.data.dataset import Dataset
from models.data.driver_clip import DriverClip
from models.networks.puppet import drawing
from models.networks.puppet import model as model_file
from models.networks.puppet.batches import as_grid
from models.networks.puppet.geometry import MOVEMENT
from models.networks.puppet.mesh import mesh_size
from models.networks.puppet.model import CRITIC_START, UNSEEN, PuppetVAE
from models.networks.puppet.painter import APPEARANCE, GROUPS
from puppet.core.types import POSE_SIZE
from puppet.face import align
from puppet.face.neutral import Neutral
from puppet.head.eyes import LOOK
from puppet.head.vertices import FACE_POINTS

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_the_latent_is_components_pose_gaze_and_appearance(fitted: PuppetVAE) -> None:
    assert fitted.latent_size == CONFIG.components + MOVEMENT + LOOK + APPEARANCE
    assert APPEARANCE == sum(size for _, size, _ in GROUPS.values()) == 26


def test_what_the_footage_never_shows_stays_as_it_was_made_up(fitted: PuppetVAE, dataset: Dataset) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(fitted.state_dict())
    batch = model.make_batches(dataset, ROWS, augment=False).batch(ROWS[:4], generator())
    with torch.no_grad():
        for parameter in model.painter.colours.parameters():
            parameter.zero_()
        assert model.loss(batch, 0.0, generator())["unseen"] == 0
        model.painter.mean.add_(0.2)
    after = model.loss(batch, 0.0, generator())["unseen"]
    assert float(after.detach()) == pytest.approx(UNSEEN * 0.2**2, rel=1e-3)
    after.backward()
    assert model.painter.mean.grad is not None
    pulled = (model.painter.mean.grad > 0).all(0)
    np.testing.assert_array_equal(pulled, model.unseen[0, 0] > 0)


# --- training ---


def test_thirty_steps_of_training_lower_the_loss(fitted: PuppetVAE, dataset: Dataset) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(fitted.state_dict())
    batches, draw = model.make_batches(dataset, ROWS, augment=True), generator()
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    totals = []
    for step in range(30):
        batch = batches.batch(rng.choice(ROWS, 12, replace=False), draw)
        terms = model.loss(batch, step / 30, draw)
        total = torch.stack(list(terms.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append({name: float(term.detach()) for name, term in terms.items()})
    assert set(totals[0]) == {"l1", "squared", "gradient", "alpha", "unseen", "kl"}
    for name in ("l1", "squared"):
        values = [terms[name] for terms in totals]
        assert np.mean(values[-6:]) < 0.8 * np.mean(values[:3])
    with torch.no_grad():
        before = fitted.evaluate(batches.batch(ROWS, draw))
        after = model.evaluate(batches.batch(ROWS, draw))
    assert after["psnr_tracked"].mean() > before["psnr_tracked"].mean() + 1
    assert after["psnr"].shape == (N,)


def test_edges_are_learned_over_changing_colours(layered: PuppetVAE, layered_dataset: Dataset) -> None:
    """A person whose soft edge has become a hard one, wider than it was, costs more."""
    batch = layered.make_batches(layered_dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    model = PuppetVAE(CONFIG)
    model.load_state_dict(layered.state_dict())
    for parameter in model.painter.colours.parameters():
        parameter.data.zero_()
    right = model.loss(batch, 0.0, generator())
    edge = (model.painter.mean.data[-1] > 0.05) & (model.painter.mean.data[-1] < 0.95)
    assert edge.sum() > 20
    model.painter.mean.data[-1][edge] = 1
    model.detail.data[:, -1] = 0
    wrong = model.loss(batch, 0.0, generator())
    for name in ("l1", "squared", "alpha"):
        assert wrong[name] > 1.2 * right[name], name


def test_a_large_picture_is_seen_in_part(layered: PuppetVAE, layered_dataset: Dataset, monkeypatch) -> None:
    """Every second row and column, with the critic a window: a quarter of the pixels."""
    batch = layered.make_batches(layered_dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    seen = []
    monkeypatch.setattr(model_file, "drawn", lambda *parts: seen.append(parts[2]) or drawing.drawn(*parts))
    layered.loss(batch, 0.0, generator())
    assert seen.pop().shape == (4, SIZE, SIZE, 2)
    monkeypatch.setattr(model_file, "WHOLE", SIZE - 1)
    draws = generator()
    fields = as_grid(batch["field"])
    for _ in range(4):
        layered.loss(batch, 0.0, draws)
        step = seen.pop()
        assert any(torch.equal(step, fields[:, y::2, x::2]) for y in (0, 1) for x in (0, 1))
    terms = layered.loss(batch, CRITIC_START, draws)
    window = seen.pop()
    assert window.shape == (4, SIZE // 2, SIZE // 2, 2)
    assert set(terms) > CRITICISM
    places = [(y, x) for y in range(SIZE // 2 + 1) for x in range(SIZE // 2 + 1)]
    assert any(torch.equal(window, fields[:, y : y + SIZE // 2, x : x + SIZE // 2]) for y, x in places)


CRITICISM = {"critic", "adversarial", "features"}


def test_the_critic_joins_in_when_there_is_something_to_criticise(fitted: PuppetVAE, dataset: Dataset) -> None:
    batch = fitted.make_batches(dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    before = fitted.loss(batch, CRITIC_START - 1e-6, generator())
    after = fitted.loss(batch, CRITIC_START, generator())
    assert not CRITICISM & set(before)
    assert set(after) == set(before) | CRITICISM
    torch.testing.assert_close({name: after[name] for name in before}, before, rtol=0, atol=0)


def test_painter_and_critic_do_not_learn_each_others_lessons(fitted: PuppetVAE, dataset: Dataset) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(fitted.state_dict())
    batch = model.make_batches(dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    critic, painter = list(model.critic.parameters()), [*model.painter.parameters(), *model.appearance.parameters()]

    def learn(names: set[str]) -> None:
        model.zero_grad()
        terms = model.loss(batch, 1.0, generator())
        torch.stack([terms[name] for name in names]).sum().backward()

    def taught(weights: list[torch.nn.Parameter]) -> list[bool]:
        return [weight.grad is not None and bool(weight.grad.any()) for weight in weights]

    learn({"critic"})
    assert all(taught([weight for weight in critic if weight.ndim == 4]))
    assert not any(taught(painter))
    for name in ("adversarial", "features"):
        learn({name})
        assert not any(taught(critic))
        assert any(taught(painter))
        assert taught([model.painter.mean]) == [True]


def test_the_same_numbers_give_the_same_loss(fitted: PuppetVAE, dataset: Dataset) -> None:
    batch = fitted.make_batches(dataset, ROWS, augment=True).batch(ROWS[:6], generator())
    once, again = fitted.loss(batch, 0.5, generator()), fitted.loss(batch, 0.5, generator())
    torch.testing.assert_close(once, again, rtol=0, atol=0)
    assert float(fitted.loss(batch, 0.0, generator())["kl"].detach()) == 0  # it is brought in slowly


def test_a_picture_is_drawn_where_the_head_is(fitted: PuppetVAE, dataset: Dataset) -> None:
    """Fitted but not trained: the mean texture over the mesh already looks like the footage."""
    batch = fitted.make_batches(dataset, ROWS, augment=False).batch(ROWS, generator())
    pictures = fitted.render(batch)
    assert pictures.dtype == torch.uint8
    assert pictures.shape == (N, SIZE, SIZE, 3)
    true = torch.from_numpy(dataset.images(ROWS)).int()
    right = (pictures.int() - true).abs().float().mean((1, 2, 3))
    shuffled = (pictures.int() - true.roll(2, 0)).abs().float().mean((1, 2, 3))
    assert right.mean() < 12
    assert right.mean() < 0.8 * shuffled.mean()


def test_a_person_is_drawn_before_the_plate(layered: PuppetVAE, layered_dataset: Dataset) -> None:
    """Over the wall, where the head is; another plate shows where the person is not, and nowhere else."""
    batch = layered.make_batches(layered_dataset, ROWS, augment=False).batch(ROWS, generator())
    pictures, true = layered.render(batch).int(), torch.from_numpy(layered_dataset.images(ROWS)).int()
    assert (pictures - true).abs().float().mean() < 12
    mattes = torch.from_numpy(layered_dataset.mattes(ROWS))
    model = PuppetVAE(CONFIG)
    model.load_state_dict(layered.state_dict())
    model.plate.fill_(0)
    black = model.render(batch).int()
    free = torch.nn.functional.max_pool2d(mattes.float()[:, None], 11, 1, 5)[:, 0] == 0
    assert free.float().mean() > 0.02
    assert black[free].float().mean() < 8  # an untrained painter is not quite transparent
    inside = torch.nn.functional.max_pool2d(255 - mattes.float()[:, None], 11, 1, 5)[:, 0] == 0
    assert (black - pictures).abs()[inside].float().mean() < 8


def test_an_unseen_face_at_rest_drives_the_actor_to_rest(fitted: PuppetVAE, dataset: Dataset) -> None:
    user = rest_face(lid_gap=0.8 * LID_GAP, mouth=1.2)
    shut, away = expression(user, shut=1), (MIDDLE[0] + 0.1 * SCALE, MIDDLE[1])
    faces = [tracked(user), tracked(shut, (10, 0, 0)), tracked(shut, (10, 0, 0), 1.1 * SCALE, away)]
    pictures = [np.zeros((4, 4, 3), np.uint8)] * 3
    batch = fitted.drive(DriverClip(pictures, faces, Neutral(user, UPRIGHT)))
    np.testing.assert_allclose(batch["landmarks"][0], fitted.geometry.neutral, atol=1e-4)
    expected = [[0] * POSE_SIZE, [10, 0, 0, 0, 0, 0], [10, 0, 0, 0.1, 0, np.log(1.1)]]
    np.testing.assert_allclose(batch["pose"], expected, atol=0.01)
    with torch.no_grad():
        driven = fitted.vertices(fitted.encode(batch)[0])
    at_home = align.place(dataset.neutral, median_pose())[:FACE_POINTS, :2]
    np.testing.assert_allclose(driven[0, :FACE_POINTS, :2], at_home, atol=0.5)
    assert (driven[1, FACE_POINTS // 2] - driven[0, FACE_POINTS // 2]).norm() > 0.1
    nose = driven[:, 168]
    assert nose[2, 0] > nose[1, 0] + 0.3  # px: the head moved to the right, as far as this footage lets it


# --- export ---


def test_the_exported_encoder_is_the_posterior(fitted: PuppetVAE, dataset: Dataset) -> None:
    landmarks, pose = torch.from_numpy(dataset.canonical[:3]), torch.zeros(3, POSE_SIZE)
    mean, logvar = fitted.inference_encoder().eval()(landmarks, pose)
    assert mean.shape == logvar.shape == (3, fitted.latent_size)
    assert mean.dtype == logvar.dtype == torch.float32
    assert fitted.encoder_inputs == ("landmarks", "pose")
    expected, _ = fitted.posterior(landmarks, pose)
    torch.testing.assert_close(mean, expected)


def test_the_exported_decoder_gives_texture_and_points(layered: PuppetVAE) -> None:
    texture, points = layered.inference_decoder().eval()(torch.zeros(2, layered.latent_size))
    assert texture.shape == (2, PAINTED, PAINTED, 4)
    assert texture.dtype == torch.uint8
    assert 0 < (texture[..., 3] == 255).float().mean() < 1
    assert points.shape == (2, mesh_size()[0], 3)
    assert points.dtype == torch.float32
    facts = layered.exported_facts()
    assert facts["kind"] == "mesh"
    assert facts["neutral"].shape == (478, 3)
    np.testing.assert_array_equal(facts["triangles"], layered.triangles[layered.drawn_triangles])
    assert facts["texture_points"].shape == (mesh_size()[0], 2)
    assert (facts["texture_size"], facts["painted_size"], facts["layers"]) == (TEXTURE, PAINTED, True)


def test_layered_footage_gives_fine_detail_and_a_plate(layered: PuppetVAE) -> None:
    detail, plate = layered.exported_layers()
    assert plate is not None
    assert detail.dtype == plate.dtype == np.uint8
    assert detail.shape == (TEXTURE, TEXTURE, 4)
    np.testing.assert_array_equal(plate, layered.plate)
    levels = layered.detail.detach()[0].permute(1, 2, 0).numpy() * 255 + 128
    inside = (levels >= 0) & (levels <= 255)
    assert inside.mean() > 0.99
    np.testing.assert_allclose(detail[inside], levels[inside], atol=0.51)
    assert detail[..., 3].std() > 1  # the outline is part of it


def test_footage_without_mattes_gives_an_opaque_actor(fitted: PuppetVAE) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(fitted.state_dict())
    model.painter.mean.data[-1] -= 0.2  # what training makes of the alpha does not matter
    model.detail.data[0, -1] += 0.1
    texture, _ = model.inference_decoder().eval()(torch.zeros(1, model.latent_size))
    assert (texture[..., 3] == 255).all()
    detail, plate = model.exported_layers()
    assert plate is None
    assert (detail[..., 3] == 128).all()
    assert detail[..., :3].std() > 1
    facts = model.exported_facts()
    assert facts["triangles"].shape == (mesh_size()[1], 3)
    assert (facts["painted_size"], facts["layers"]) == (PAINTED, False)


def test_everything_fitted_is_in_the_state(layered: PuppetVAE, layered_dataset: Dataset) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(layered.state_dict())
    batch = layered.make_batches(layered_dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    again = model.make_batches(layered_dataset, ROWS, augment=True).batch(ROWS[:4], generator())
    for name, values in batch.items():
        np.testing.assert_array_equal(again[name], values)
    np.testing.assert_array_equal(model.render(batch), layered.render(batch))
    assert model.exported_facts().keys() == layered.exported_facts().keys()
    np.testing.assert_array_equal(model.exported_layers()[0], layered.exported_layers()[0])

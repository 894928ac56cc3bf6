"""The default architecture on a drawn person: statistics, training, driving, export."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drawn_person import (
    BACK,
    CONFIG,
    EYES,
    MOUTH,
    PUPIL,
    ROWS,
    SIZE,
    SKIN,
    N,
    angles_of_frames,
    fit,
    generator,
    median_pose,
    places,
)
from planted_face import LID_GAP, MIDDLE, SCALE, UPRIGHT, expression, rest_face, tracked

from models.data.dataset import Dataset
from models.data.driver_clip import DriverClip
from models.networks.puppet.eyes import LOOK
from models.networks.puppet.geometry import MOVEMENT
from models.networks.puppet.mesh import EYEBALLS, FACE_POINTS, FOOT, TEETH, mesh_size, teeth_in_texture
from models.networks.puppet.model import CRITIC_START, LEAST_FRAMES, UNSEEN, PuppetVAE
from models.networks.puppet.painter import APPEARANCE, GROUPS
from puppet.core.errors import DataError
from puppet.core.types import POSE_SIZE, HeadPose
from puppet.face import align
from puppet.face.measurements import MEASUREMENT_NAMES
from puppet.face.neutral import Neutral

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_the_latent_is_components_pose_gaze_and_appearance(fitted: PuppetVAE) -> None:
    assert fitted.latent_size == CONFIG.components + MOVEMENT + LOOK + APPEARANCE
    assert APPEARANCE == sum(size for _, size, _ in GROUPS.values()) == 26


def test_the_planted_statistics_are_found(fitted: PuppetVAE, dataset: Dataset) -> None:
    np.testing.assert_allclose(fitted.geometry.pose_centre, np.median(angles_of_frames(), 0), atol=1e-2)
    np.testing.assert_array_equal(fitted.geometry.neutral, dataset.neutral)
    measured = fitted.measure(torch.from_numpy(dataset.canonical))
    np.testing.assert_allclose(measured.mean(0), 0, atol=1e-3)
    for name in ("lids_right", "gaze_x_left", "mouth_open", "jaw_open"):
        assert float(measured[:, MEASUREMENT_NAMES.index(name)].std(unbiased=False)) == pytest.approx(1, abs=1e-3)


def test_few_frames_are_enough_but_some_there_must_be(dataset: Dataset) -> None:
    few = fit(dataset, rows=ROWS[:LEAST_FRAMES], components=64)
    assert all(values.isfinite().all() for values in few.state_dict().values())
    with pytest.raises(DataError, match=f"{LEAST_FRAMES - 1} frames to train on, an actor needs at least"):
        fit(dataset, rows=ROWS[: LEAST_FRAMES - 1])


def test_the_first_guess_of_the_mean_texture_is_the_planted_colours(fitted: PuppetVAE) -> None:
    texture = (fitted.painter.mean.detach() * 255).permute(1, 2, 0).numpy()
    for point, colour in ((168, SKIN), (50, SKIN)):
        x, y = np.round(fitted.texture_points[point].numpy()).astype(int)
        np.testing.assert_allclose(texture[y, x], colour, atol=15)
    dark = fitted.texture_points[TEETH + 4 : TEETH + 8].mean(0).round().int().tolist()  # between the jaws
    np.testing.assert_allclose(texture[dark[1], dark[0]], MOUTH, atol=40)  # averaged from open mouths
    np.testing.assert_allclose(texture[round((1 - FOOT) * SIZE) - 3, 3], BACK, atol=5)
    for ball in fitted.texture_points[EYEBALLS:TEETH].reshape(2, 4, 2).mean(1):
        x, y = np.round(ball.numpy()).astype(int)
        np.testing.assert_allclose(texture[y, x], PUPIL, atol=60)


def test_what_the_footage_never_shows_of_the_teeth_is_known(fitted: PuppetVAE) -> None:
    unseen = fitted.unseen[0, 0].numpy().copy()
    dark = fitted.texture_points[TEETH + 4 : TEETH + 8].mean(0).round().int().tolist()  # between the jaws
    assert unseen[dark[1], dark[0]] == 0
    pictures = teeth_in_texture(SIZE)
    for part in pictures:
        assert 0.1 < unseen[part].mean() < 0.9
        unseen[part] = 0
    assert not unseen.any()


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


def test_a_head_that_only_turned_left_may_turn_right(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    without = fit(one_sided)
    for name in ("pose_centre", "place_centre", "neutral", "home", "rest"):  # what the person is, is not mirrored
        torch.testing.assert_close(mirroring.geometry.state_dict()[name], without.geometry.state_dict()[name])
    torch.testing.assert_close(mirroring.painter.mean, without.painter.mean)
    turned = HeadPose(align.rotation_of(np.array([18, 0, 0])), EYES, places(np.array([[18.0, 0, 0]]))[0])
    errors = []
    for model in (without, mirroring):
        movement = torch.from_numpy(model.geometry.movement(turned))[None]
        latent = model.geometry.encode(torch.from_numpy(one_sided.neutral)[None], movement)[0]
        errors.append(abs(float(model.geometry.pose_of(latent)[0, 0]) - 18))
    assert errors[1] < 0.6 * errors[0]
    gaze = MEASUREMENT_NAMES.index("gaze_x_left")
    centre = [float(model.measurement_centre[gaze]) for model in (without, mirroring)]
    assert abs(centre[1]) <= abs(centre[0]) + 1e-6


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
    assert set(totals[0]) == {"l1", "squared", "gradient", "unseen", "kl"}
    for name in ("l1", "squared"):
        values = [terms[name] for terms in totals]
        assert np.mean(values[-6:]) < 0.8 * np.mean(values[:3])
    with torch.no_grad():
        before = fitted.evaluate(batches.batch(ROWS, draw))
        after = model.evaluate(batches.batch(ROWS, draw))
    assert after["psnr_tracked"].mean() > before["psnr_tracked"].mean() + 1
    assert after["psnr"].shape == (N,)


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
    true = batch["target"].int()
    right = (pictures.int() - true).abs().float().mean((1, 2, 3))
    shuffled = (pictures.int() - true.roll(2, 0)).abs().float().mean((1, 2, 3))
    assert right.mean() < 12
    assert right.mean() < 0.8 * shuffled.mean()


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


def test_the_exported_decoder_gives_texture_and_points(fitted: PuppetVAE) -> None:
    texture, points = fitted.inference_decoder().eval()(torch.zeros(2, fitted.latent_size))
    assert texture.shape == (2, SIZE, SIZE, 3)
    assert texture.dtype == torch.uint8
    assert points.shape == (2, mesh_size()[0], 3)
    assert points.dtype == torch.float32
    facts = fitted.exported_facts()
    assert facts["kind"] == "mesh"
    assert facts["neutral"].shape == (478, 3)
    assert facts["triangles"].shape == (mesh_size()[1], 3)
    assert facts["texture_points"].shape == (mesh_size()[0], 2)
    assert facts["texture_size"] == SIZE


def test_everything_fitted_is_in_the_state(fitted: PuppetVAE, dataset: Dataset) -> None:
    model = PuppetVAE(CONFIG)
    model.load_state_dict(fitted.state_dict())
    batch = fitted.make_batches(dataset, ROWS, augment=False).batch(ROWS[:4], generator())
    np.testing.assert_array_equal(model.render(batch), fitted.render(batch))

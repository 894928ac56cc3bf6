"""The default architecture on a planted person: a drawn face whose mouth, lids and pose are known in every frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import torch
from planted_face import LID_GAP, MIDDLE, SCALE, UPRIGHT, expression, rest_face, tracked

from models.data.dataset import Dataset
from models.data.driver_clip import DriverClip
from models.networks.base import Index
from models.networks.config import PuppetConfig
from models.networks.layers import PlacedConv, he_initialise
from models.networks.mirror import flip_offsets
from models.networks.puppet import registration
from models.networks.puppet.eyes import LOOK
from models.networks.puppet.geometry import ANGLES, MOVEMENT
from models.networks.puppet.mesh import EYEBALLS, FACE_POINTS, FOOT, OVAL, TEETH, mesh_size, teeth_in_texture
from models.networks.puppet.model import (
    APPEARANCE,
    CELLS,
    CRITIC_START,
    EYE_LOSS,
    FIELD_STEPS,
    GROUPS,
    LEAST_FRAMES,
    MOUTH_LOSS,
    TURN,
    UNSEEN,
    Footage,
    PuppetVAE,
    TexturePainter,
)
from puppet.core.errors import DataError
from puppet.core.types import POSE_SIZE, HeadPose, Image
from puppet.face import align
from puppet.face.landmarks import EYE_LEFT, EYE_RIGHT, INNER_LIPS, IRIS_LEFT, IRIS_RIGHT
from puppet.face.measurements import MEASUREMENT_NAMES
from puppet.face.neutral import Neutral

pytestmark = pytest.mark.usefixtures("one_torch_thread")

N, SIZE = 48, 64
CONFIG = PuppetConfig(image_size=SIZE, texture_size=SIZE, components=6, channels=(8, 8, 8))
ROWS = np.arange(N)
EYES = align.STEADY_EYES * SIZE  # px per outer-eye distance
SKIN, HAIR, BACK, EYE = (200, 160, 130), (70, 40, 20), (90, 110, 90), (240, 240, 240)  # RGB
PUPIL, MOUTH = (20, 30, 60), (120, 20, 30)


def drawn(points: np.ndarray, size: int) -> Image:
    """The picture of a face f32 (478, 3) px, uint8 (size, size, 3) RGB."""
    image = np.full((size, size, 3), BACK, np.uint8)

    def fill(outline: np.ndarray, colour: tuple[int, int, int]) -> None:
        cv2.fillPoly(image, [np.round(outline[:, :2] * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)

    oval = points[list(OVAL)]
    fill(oval.mean(0) + 1.25 * (oval - oval.mean(0)), HAIR)
    fill(oval, SKIN)
    for eye, iris in ((EYE_RIGHT, IRIS_RIGHT), (EYE_LEFT, IRIS_LEFT)):
        fill(points[list(eye)], EYE)
        fill(points[list(iris[1:])], PUPIL)
    fill(points[list(INNER_LIPS)], MOUTH)
    return image


def angles_of_frames() -> np.ndarray:
    """Degrees f32 (N, 3); the head is usually held at 6 degrees of yaw."""
    i = np.arange(N)
    return np.column_stack([6 + 15 * np.sin(i * 0.9), 8 * np.sin(i * 0.5), 4 * np.sin(i * 0.3)]).astype(np.float32)


def places(angles: np.ndarray) -> np.ndarray:
    """px f64 (N, 3) of the middle of the eyes; the head moves as it turns."""
    middle = np.array([(SIZE - 1) / 2, (SIZE - 1) / 2 - 0.2 * EYES, 0])
    return middle + np.column_stack([angles[:, 0] * 0.1, -angles[:, 1] * 0.1, np.zeros(len(angles))])


def usual_pose() -> HeadPose:
    return HeadPose(align.rotation_of(np.median(angles_of_frames(), 0)), EYES, np.median(places(angles_of_frames()), 0))


def mouths() -> np.ndarray:
    return 0.15 - 0.15 * np.cos(np.arange(N) * 0.7)


@contextmanager
def footage(name: str, rest: np.ndarray, angles: np.ndarray) -> Iterator[Dataset]:
    """A data set of N frames of a drawn face f32 (478, 3), turned by `angles` (N, 3) degrees."""
    canonical = [
        expression(rest, open=mouth, shut=float(i % 6 == 0), gaze=0.03 * np.sin(i)) for i, mouth in enumerate(mouths())
    ]
    poses = [HeadPose(align.rotation_of(a), EYES, m) for a, m in zip(angles, places(angles), strict=True)]
    points = np.stack([align.place(c, p) for c, p in zip(canonical, poses, strict=True)])
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        file["data"] = np.stack([drawn(p, SIZE) for p in points])
        file["points"], file["canonical"], file["pose"], file["neutral"] = points, np.stack(canonical), angles, rest
        yield Dataset(
            Path(name), file, SIZE, "steady", ("planted.mp4",), {}, to_crop=np.repeat(np.eye(2, 3)[None], N, 0),
            source=np.zeros(N, np.int16), frame=np.arange(N, dtype=np.int32), time=np.arange(N) / 30,
        )  # fmt: skip


@pytest.fixture(scope="module")
def dataset() -> Iterator[Dataset]:
    with footage("planted.h5", rest_face(), angles_of_frames()) as dataset:
        yield dataset


def fit(dataset: Dataset, mirror: bool = False, rows: Index = ROWS, components: int = CONFIG.components) -> PuppetVAE:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registration, "STEPS", 20)
        patch.setattr(registration, "TEXELS", 32)
        torch.manual_seed(0)
        model = PuppetVAE(dataclasses.replace(CONFIG, components=components))
        model.mirror = mirror
        model.fit_statistics(dataset, rows)
    return model


@pytest.fixture(scope="module")
def fitted(dataset: Dataset) -> PuppetVAE:
    return fit(dataset)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# --- statistics ---


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


def test_batches_are_the_planted_frames(fitted: PuppetVAE, dataset: Dataset) -> None:
    rows = np.array([5, 0, 5, 40])
    batch = fitted.make_batches(dataset, ROWS, augment=True).batch(rows, generator())
    np.testing.assert_array_equal(batch["target"], dataset.images(rows))
    np.testing.assert_allclose(batch["landmarks"], dataset.canonical[rows], atol=1e-4)
    usual = np.median(angles_of_frames(), 0)
    np.testing.assert_allclose(batch["pose"][:, :ANGLES], angles_of_frames()[rows] - usual, atol=0.02)
    place = places(angles_of_frames())[:, :2]
    moved = (place[rows] - np.median(place, 0)) / EYES
    np.testing.assert_allclose(batch["pose"][:, ANGLES:], np.column_stack([moved, np.zeros(4)]), atol=1e-3)
    assert batch["field"].dtype == torch.int16
    assert batch["field"].shape == (4, SIZE, SIZE, 2)


def test_the_field_points_from_the_picture_to_the_texture(fitted: PuppetVAE, dataset: Dataset) -> None:
    """Under the bridge of the nose of a frame lies its place in the texture."""
    batch = fitted.make_batches(dataset, ROWS, augment=False).batch(ROWS, generator())
    field = (batch["field"].float().numpy() / FIELD_STEPS + 1) * (SIZE - 1) / 2
    bridge = 168
    spots = np.round(dataset.points[:, bridge, :2]).astype(int)
    found = field[ROWS, spots[:, 1], spots[:, 0]]
    distance = np.linalg.norm(found - fitted.texture_points[bridge].numpy(), axis=1)
    assert np.median(distance) < 1.5  # the bridge lies up to 0.7 px beside the centre of its pixel


def test_pictures_of_another_size_are_scaled_with_their_points(dataset: Dataset) -> None:
    footage = Footage(dataset, 32)
    assert footage.images(np.array([3])).shape == (1, 32, 32, 3)
    # the middle of pixels 0 and 1 is the middle of pixel 0 of the halved picture
    np.testing.assert_allclose(footage.points[..., :2], (dataset.points[..., :2] - 0.5) / 2, atol=1e-4)
    np.testing.assert_allclose(footage.points[..., 2], dataset.points[..., 2] / 2, atol=1e-4)


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


def test_turned_heads_are_practised_more_often(fitted: PuppetVAE, dataset: Dataset) -> None:
    practised = fitted.practice(dataset, ROWS)
    turn = np.linalg.norm((angles_of_frames() - np.median(angles_of_frames(), 0))[:, :2], axis=1)
    np.testing.assert_array_equal(np.bincount(practised, minlength=N), 1 + (turn / TURN).astype(int))
    assert len(practised) > N


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
    at_home = align.place(dataset.neutral, usual_pose())[:FACE_POINTS, :2]
    np.testing.assert_allclose(driven[0, :FACE_POINTS, :2], at_home, atol=0.5)
    assert (driven[1, FACE_POINTS // 2] - driven[0, FACE_POINTS // 2]).norm() > 0.1
    nose = driven[:, 168]
    assert nose[2, 0] > nose[1, 0] + 0.3  # px: the head moved to the right, as far as this footage lets it


# --- footage that looks to one side only ---


def angles_to_the_left() -> np.ndarray:
    i = np.arange(N)
    yaw = -1 - 11 * (1 - np.cos(i * 0.9))
    return np.column_stack([yaw, 8 * np.sin(i * 0.5), 2 * np.sin(i * 0.3)]).astype(np.float32)


@pytest.fixture(scope="module")
def one_sided() -> Iterator[Dataset]:
    """A face whose landmarks are symmetric, as a real one's nearly are; the drawing is not."""
    rest = rest_face()
    with footage("one-sided.h5", (rest + flip_offsets(rest)) / 2, angles_to_the_left()) as dataset:
        yield dataset


@pytest.fixture(scope="module")
def mirroring(one_sided: Dataset) -> PuppetVAE:
    return fit(one_sided, mirror=True)


def test_mirrored_frames_are_the_frames_in_a_mirror(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    batch = mirroring.make_batches(one_sided, ROWS, augment=True).batch(ROWS, generator())
    true = torch.from_numpy(one_sided.images(ROWS))
    flipped = (batch["target"] != true).flatten(1).any(1).numpy()
    turned = angles_to_the_left()[:, 0] < -6
    assert not flipped[~turned & (angles_to_the_left()[:, 0] > -3)].any()
    assert 0.25 < flipped[turned].mean() < 0.75
    np.testing.assert_array_equal(batch["target"][flipped], true.flip(2)[flipped])
    neutral, offsets = one_sided.neutral, one_sided.canonical - one_sided.neutral
    expected = neutral + np.where(flipped[:, None, None], flip_offsets(offsets), offsets)
    np.testing.assert_allclose(batch["landmarks"], expected, atol=1e-4)
    absolute = batch["pose"][:, :ANGLES].numpy() + np.median(angles_to_the_left(), 0)  # the usual pose is the true one
    sign = np.where(flipped[:, None], (-1, 1, -1), 1)
    np.testing.assert_allclose(absolute, sign * angles_to_the_left(), atol=0.05)
    x = places(angles_to_the_left())[:, 0]
    moved = (np.where(flipped, SIZE - 1 - x, x) - np.median(x)) / EYES
    np.testing.assert_allclose(batch["pose"][:, ANGLES], moved, atol=1e-3)


def test_the_field_of_a_mirrored_frame_points_to_the_other_side_of_the_texture(
    mirroring: PuppetVAE, one_sided: Dataset
) -> None:
    """Where the mirror shows the left corner of the mouth, there are the right one's texels."""
    batch = mirroring.make_batches(one_sided, ROWS, augment=True).batch(ROWS, generator())
    flipped = np.flatnonzero((batch["target"] != torch.from_numpy(one_sided.images(ROWS))).flatten(1).any(1))
    field = (batch["field"].float().numpy() / FIELD_STEPS + 1) * (SIZE - 1) / 2
    right, left = 61, 291
    x, y = np.round(one_sided.points[flipped, left, :2]).astype(int).T
    found = field[flipped, y, SIZE - 1 - x]
    assert np.median(np.linalg.norm(found - mirroring.texture_points[right].numpy(), axis=1)) < 1.5


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


def test_nothing_is_mirrored_where_it_is_not_asked_for(mirroring: PuppetVAE, one_sided: Dataset) -> None:
    true = one_sided.images(ROWS)
    evaluation = mirroring.make_batches(one_sided, ROWS, augment=False).batch(ROWS, generator())
    np.testing.assert_array_equal(evaluation["target"], true)
    off = PuppetVAE(CONFIG)
    off.load_state_dict(mirroring.state_dict())
    used, fresh = generator(), generator()
    np.testing.assert_array_equal(off.make_batches(one_sided, ROWS, augment=True).batch(ROWS, used)["target"], true)
    assert torch.equal(used.get_state(), fresh.get_state())  # no random number is spent: runs go on as they did


# --- regions that do not see each other ---


def latents_of(group: str) -> slice:
    start = 0
    for name, (_, size, _) in GROUPS.items():
        if name == group:
            return slice(start, start + size)
        start += size
    raise KeyError(group)


@pytest.mark.parametrize("measurement", MEASUREMENT_NAMES)
def test_a_measurement_reaches_only_the_groups_that_may_see_it(fitted: PuppetVAE, measurement: str) -> None:
    measured = torch.zeros(2, len(MEASUREMENT_NAMES))
    measured[1, MEASUREMENT_NAMES.index(measurement)] = 2.0
    mean, logvar = fitted.appearance(measured)
    for group, (names, _, _) in GROUPS.items():
        part = latents_of(group)
        changed = bool((mean[0, part] != mean[1, part]).any())
        assert changed == (measurement in names)
        assert measurement in names or torch.equal(logvar[0, part], logvar[1, part])


def test_every_measurement_is_seen_by_somebody() -> None:
    assert {name for names, _, _ in GROUPS.values() for name in names} == set(MEASUREMENT_NAMES)


@pytest.mark.parametrize("group", GROUPS)
def test_a_latent_paints_only_its_own_part_of_the_stem(fitted: PuppetVAE, group: str) -> None:
    painter, part = fitted.painter, latents_of(group)
    maps = (painter.stem.weight.T * painter.reach).unflatten(1, (-1, CELLS, CELLS))[MOVEMENT + LOOK :][part]
    own = torch.zeros(CELLS, CELLS, dtype=torch.bool)
    for top, bottom, left, right in GROUPS[group][2]:
        own[top:bottom, left:right] = True
    assert (maps[..., ~own] == 0).all()
    assert (maps[..., own] != 0).any(0).all()


def test_a_mouth_leaves_the_eyes_in_the_texture_alone(fitted: PuppetVAE, dataset: Dataset) -> None:
    """Their latents, and the texels that the mouth's part of the stem is too far below to reach."""
    rest = torch.from_numpy(dataset.neutral)[None]
    opened = torch.from_numpy(expression(dataset.neutral, open=0.3))[None]
    pose = torch.zeros(1, POSE_SIZE)
    first = fitted.geometry.size
    eyes = [first + i for group in ("eye_right", "eye_left", "brows") for i in _range(latents_of(group))]
    closed_mean, open_mean = fitted.posterior(rest, pose)[0], fitted.posterior(opened, pose)[0]
    np.testing.assert_array_equal(closed_mean[:, eyes].detach(), open_mean[:, eyes].detach())
    mouth = [first + i for i in _range(latents_of("mouth"))]
    assert (closed_mean[:, mouth] != open_mean[:, mouth]).any()
    change = (fitted.texture(open_mean) - fitted.texture(closed_mean)).abs().detach().amax((0, 1))
    assert change[: SIZE // 4].max() == 0  # brows and above: two convolutions and the tail do not reach so far
    assert change[SIZE // 2 :].max() > 0


def _range(part: slice) -> range:
    return range(part.start, part.stop)


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


# --- pieces ---


def test_an_untrained_painter_paints_its_mean() -> None:
    painter = TexturePainter((8, 8), 32)
    painter.mean.data.fill_(0.5)
    latent = torch.zeros(1, MOVEMENT + LOOK + APPEARANCE)
    np.testing.assert_allclose(painter(latent).detach(), 0.5, atol=1e-6)
    assert painter(latent).shape == (1, 3, 32, 32)


def test_a_texture_that_the_last_map_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="texture size 100 is no multiple of 32"):
        TexturePainter((8, 8, 8), 100)


def test_a_placed_convolution_means_something_else_in_every_cell() -> None:
    block = PlacedConv(2, 5, 4)
    with torch.no_grad():
        block.convolve.weight.zero_()
        block.bias[1, 2, 3], block.bias[4, 0, 0] = 7.0, -1.0
    expected = np.zeros((1, 5, 4, 4))
    expected[0, 1, 2, 3], expected[0, 4, 0, 0] = 7.0, -0.2
    np.testing.assert_allclose(block(torch.ones(1, 2, 4, 4)).detach(), expected, atol=1e-6)


def test_initialisation_keeps_the_signals_size_through_ten_layers() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(*[m for _ in range(10) for m in (torch.nn.Linear(256, 256), torch.nn.LeakyReLU(0.2))])
    he_initialise(network)
    x = torch.randn(64, 256)
    assert 0.3 < float(network(x).detach().square().mean()) / float(x.square().mean()) < 3
    assert all(not layer.bias.any() for layer in network if isinstance(layer, torch.nn.Linear))


def test_what_lies_behind_the_skin_counts_like_the_region_that_shows_it(fitted: PuppetVAE) -> None:
    weight = fitted.loss_weight[0, 0].numpy()
    right, left, upper, lower = fitted.texture_points[EYEBALLS:].split([4, 4, 4, 6])
    for corners, counts in ((right, EYE_LOSS), (left, EYE_LOSS), (upper, MOUTH_LOSS), (lower, MOUTH_LOSS)):
        x, y = corners.mean(0).round().int().tolist()
        assert weight[y, x] == pytest.approx(1 + counts, abs=0.2)

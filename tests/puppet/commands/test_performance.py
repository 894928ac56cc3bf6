"""The driver at rest, in a whole clip and in each of its shots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import driven
import numpy as np
import pytest
from driven import driver_clip
from tiny_actor import LOWER_LIP

from puppet.commands import performance, render
from puppet.core.types import Frame, HeadPose, Result
from puppet.engine.options import StepOptions
from puppet.face import align
from puppet.face.identity import CONTRASTS, SHAPE_LANDMARKS
from puppet.face.neutral import Neutral, infer_neutral
from puppet.face.shots import FaceSighting

pytestmark = pytest.mark.usefixtures("tracker")


def performed(parts: list[tuple[float, float, float]], scenes: Sequence[int] = ()) -> performance.Performance:
    """(who, seconds, px per eye distance), with a cut between them; the whole at 30 fps. scenes: numbers of the later
    pictures."""
    points, seen, cuts = [], [], []
    for who, seconds, scale in parts:
        cuts.append(len(points))
        for k in range(round(seconds * 30)):
            shape = driven.neutral()
            shape[LOWER_LIP, 1] += 0.02 * np.sin(k / 4) + 0.1 * who
            pose = HeadPose(align.rotation_of(np.array([4 * np.sin(k / 7), 0, 0])), scale, np.array([90.0, 70.0, 0.0]))
            points.append(align.place(shape, pose))
            told = np.full(3 * len(SHAPE_LANDMARKS), who, np.float32) if k % 4 == 0 else None
            look = None if told is None else np.r_[told, np.zeros(3 * len(CONTRASTS) + 2, np.float32)]
            seen.append(FaceSighting(len(points) - 1, len(points) / 30, (90.0, 70.0, 2 * scale), look))
    return performance.Performance(points, cuts[1:], seen, scenes)


def test_every_shot_has_its_usual_pose_and_every_person_their_rest() -> None:
    neutrals = performed([(0.0, 4, 40), (0.8, 4, 30), (0.0, 4, 60), (0.0, 4, 40)]).neutrals()
    first, other, nearer, again = (neutrals[start] for start in (0, 120, 240, 360))
    assert [round(one.pose.scale) for one in (first, other, nearer, again)] == [40, 30, 60, 40]
    np.testing.assert_array_equal(first.landmarks, nearer.landmarks)
    assert first.pose is again.pose
    apart = other.landmarks[LOWER_LIP, 1] - first.landmarks[LOWER_LIP, 1]
    assert apart.mean() == pytest.approx(0.08, abs=0.02)


def test_a_short_shot_borrows_the_rest_but_not_how_the_head_is_held() -> None:
    neutrals = performed([(0.0, 4, 40), (0.8, 4, 40), (0.8, 0.7, 60)]).neutrals()
    np.testing.assert_array_equal(neutrals[240].landmarks, neutrals[120].landmarks)
    assert neutrals[240].pose.scale == pytest.approx(60, rel=0.02)


def test_short_shots_that_go_to_and_fro_are_taken_together() -> None:
    parts = [(0.0, 1.0, 40.0), (0.8, 1.0, 60.0)] * 4
    neutrals = performed(parts, [1, 0, 1, 0, 1, 0, 1]).neutrals()
    first, second = list(neutrals.values())[0], neutrals[30]
    assert {k for k, one in neutrals.items() if one.landmarks is first.landmarks} == {0, 60, 120, 180}
    assert {k for k, one in neutrals.items() if one.pose is second.pose} == {30, 90, 150, 210}


def test_without_a_cut_the_neutral_is_that_of_the_whole_clip() -> None:
    performance = performed([(0.0, 8, 40)])
    whole = infer_neutral([align.face_of(points) for points in performance.points if points is not None])
    (neutral,) = performance.neutrals().values()
    np.testing.assert_array_equal(neutral.landmarks, whole.landmarks)
    assert neutral.pose.scale == whole.pose.scale


def test_the_neutral_comes_from_the_whole_clip(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clip begins with the head turned by 25 degrees, but it is held straight for most of the time."""
    yaws = [25.0] * 5 + [0.0] * 25
    monkeypatch.setattr(driven, "yaw_of", lambda number: yaws[number])
    poses = []

    class Watched(render.Puppeteer):
        def step(self, frame: Frame) -> Result:
            result = super().step(frame)
            assert result.latent is not None
            poses.append(float(result.latent.values[0]) * 30)  # the tiny actor's first latent is yaw / 30
            return result

    monkeypatch.setattr(render, "Puppeteer", Watched)
    render.render(
        str(driver_clip(tmp_path / "in.mp4")), tmp_path / "out.mp4", actor=actor, options=StepOptions(smoothing=0)
    )
    assert poses == pytest.approx(yaws, abs=1.0)


def test_a_shot_begins_with_its_own_neutral(tmp_path: Path, actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    performance = performed([(0.0, 2, 40), (0.8, 2, 60)])
    begun: list[float] = []

    class Watched(render.Puppeteer):
        def begin_shot(self, neutral: Neutral | None) -> None:
            assert neutral is not None
            begun.append(round(neutral.pose.scale))
            super().begin_shot(neutral)

    monkeypatch.setattr(render, "Puppeteer", Watched)
    monkeypatch.setattr(render, "track_clip", lambda source, tracker: performance)
    rendered = render.render(str(driver_clip(tmp_path / "in.mp4", frames=120)), tmp_path / "out.mp4", actor=actor)
    assert begun == [40, 60]
    assert rendered.frames == 120

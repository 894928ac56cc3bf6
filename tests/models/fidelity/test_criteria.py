"""From the judge's figures of single clips to goals reached or missed, and to tables."""

from __future__ import annotations

import pytest
from planted_score import planted_score, two_clips

from models.fidelity import criteria
from models.fidelity.criteria import CRITERIA, Criterion, Measured, Range, figures, short_names

BY_KEY = {criterion.key: criterion for criterion in CRITERIA}


def test_figures_are_means_over_clips_with_the_worst_named():
    found = figures(two_clips())
    assert set(found) == set(BY_KEY)
    expected = {
        "ec": 0.8, "ec_lowest": 0.7, "ec_without_gaze": 0.75, "ec_chance": 0.05, "group_lids": 0.8,
        "amplitude_lids": 1.0, "jitter_blendshapes": 0.8, "jitter_landmarks": 0.8, "detection": 1.0,
        "identity_skin_ratio": 1.5, "identity_skin_spread_ratio": 1.0, "sharpness": 0.8,
    }  # fmt: skip
    assert {key: found[key].value for key in expected} == pytest.approx(expected)
    assert found["ec"].note == "worst 0.700, low"
    assert found["ec_lowest"].note == "low"
    assert found["jitter_blendshapes"].note == "worst 1.10, low"
    assert found["detection"].note == ""  # alike in all


def test_what_a_driver_does_not_move_is_left_out_and_said():
    found = figures(two_clips())
    assert found["group_mouth_open"].value == pytest.approx(0.8)
    assert found["amplitude_mouth_open"].value == pytest.approx(1.5)
    assert found["group_mouth_open"].note == "1 of 2 clips"
    assert (found["pose"].value, found["pose_error"].value) == pytest.approx((0.93, 3.0))  # yaw and pitch of one clip
    assert found["pose"].note == "1 of 2 clips"
    assert found["identity_skin_leak"].value == pytest.approx(0.1)
    assert found["group_gaze"].value == pytest.approx(0.8)


def test_mumbling_and_overacting_are_equally_far_from_one():
    halved, tripled = (planted_score(groups={"brows": (0.9, ratio)}) for ratio in (0.5, 1.9))
    assert figures(Measured({"a": halved, "b": tripled}))["amplitude_brows"].note == "worst 0.50, a"
    halved, tripled = (planted_score(groups={"brows": (0.9, ratio)}) for ratio in (0.55, 1.9))
    assert figures(Measured({"a": halved, "b": tripled}))["amplitude_brows"].note == "worst 1.90, b"


def test_lag_counts_either_way_and_identity_flags_are_counted():
    found = figures(two_clips())
    assert (found["lag"].value, found["lag"].note) == (2, "loud")
    assert (found["identity"].value, found["identity"].note) == (1, "low")


def test_an_output_without_a_face_counts_as_zero_and_is_not_left_out_of_ec():
    blind = planted_score() | {"expression": None, "pose": None, "jitter": None, "detection_rate": 0.0}
    blind |= {"ec_counting_missing": 0.0, "sharpness": {"output": None, "driver": 9.0}}
    del blind["identity"]
    found = figures(Measured({"a": planted_score(ec=0.9), "b": blind}))
    assert found["ec"].value == pytest.approx(0.45)
    assert found["detection"].value == pytest.approx(0.5)
    assert (found["pose"].note, found["sharpness"].note) == ("1 of 2 clips", "1 of 2 clips")
    alone = figures(Measured({"b": blind}))
    assert alone["ec"].value == 0
    assert alone["group_lids"].value is None
    assert alone["sharpness"].note == "no output with a face"


def test_the_warped_still_is_compared_clip_by_clip():
    stills = {"talk_loud": planted_score(ec=0.85), "talk_low": planted_score(ec=0.75)}
    found = figures(two_clips(stills=stills))
    assert found["ec_still"].value == pytest.approx(0.80)
    assert found["ec_over_still"].value == pytest.approx(-0.05)
    assert found["ec_over_still"].note == "low"
    assert BY_KEY["ec_over_still"].verdict(found["ec_over_still"].value) == "floor"
    none = figures(two_clips(missing={"still": "no footage"}))
    assert (none["ec_over_still"].value, none["ec_over_still"].note) == (None, "no footage")


def test_self_reconstruction_with_what_the_network_measures():
    known = {"psnr": 29.0, "ssim": 0.96, "ec": 0.94, "frames": 360, "blocks": 10, "size": 256}
    found = figures(two_clips(self_figures=known))
    verdicts = {name: BY_KEY[f"self_{name}"].verdict(found[f"self_{name}"].value) for name in ("psnr", "ssim", "ec")}
    assert verdicts == {"psnr": "floor", "ssim": "reached", "ec": "floor"}
    assert found["self_psnr"].note == "360 frames in 10 blocks, 256 px"
    assert found["self_psnr_tracked"] == criteria.Figure(None, "this network does not measure it")


@pytest.mark.parametrize(
    ("goal", "floor", "value", "verdict"),
    [
        (Range(low=0.9), Range(low=0.8), 0.9, "reached"),
        (Range(low=0.9), Range(low=0.8), 0.89, "floor"),
        (Range(low=0.9), Range(low=0.8), 0.79, "missed"),
        (Range(high=1.0), Range(high=1.3), 1.31, "missed"),
        (Range(0.8, 1.25), Range(0.6, 1.6), 1.3, "floor"),
        (Range(0.8, 1.25), Range(0.6, 1.6), 0.5, "missed"),
        (Range(high=1), None, 2, "floor"),
        (None, Range(low=0.7), 0.71, "reached"),
        (None, Range(low=0.7), 0.69, "missed"),
        (None, None, 5.0, "-"),
        (Range(low=0.9), Range(low=0.8), None, "-"),
    ],
)
def test_verdicts(goal, floor, value, verdict):
    assert Criterion("k", "title", goal, floor).verdict(value) == verdict


def test_names_lose_what_they_share():
    assert short_names(["driver_tall_man", "driver_tan_woman"]) == {
        "driver_tall_man": "tall_man",
        "driver_tan_woman": "tan_woman",
    }
    assert short_names(["driver_one"]) == {"driver_one": "driver_one"}
    assert short_names(["driver_", "driver_a"]) == {"driver_": "driver_", "driver_a": "a"}

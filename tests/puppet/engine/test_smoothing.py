"""The One-Euro filter on planted signals."""

from __future__ import annotations

import numpy as np
import pytest

from puppet.core.types import Floats
from puppet.engine.smoothing import LANDMARK_FILTER, MAX_GAP, OneEuro, Smoothed, smooth, start

FPS = 30.0
PLAIN = OneEuro(min_cutoff=1.0, beta=0.0)


def f32(x: float) -> Floats:
    return np.array([x], np.float32)


def run(signal, settings: OneEuro, fps: float = FPS) -> np.ndarray:
    state: Smoothed | None = None
    out = []
    for i, x in enumerate(signal):
        state = smooth(state, f32(x), i / fps, settings)
        out.append(float(state.value[0]))
    return np.array(out)


def test_a_constant_stays_exactly() -> None:
    np.testing.assert_array_equal(run(np.full(50, 0.3), LANDMARK_FILTER), np.float32(0.3))


def test_a_step_converges_without_overshoot() -> None:
    out = run([0.0] * 3 + [1.0] * 90, PLAIN)
    assert (np.diff(out) >= 0).all()
    assert out.max() <= 1
    assert out[-1] == pytest.approx(1, abs=1e-3)


def test_without_beta_it_is_the_low_pass_of_the_paper() -> None:
    rate = 2 * np.pi * 1.0 / FPS
    alpha = rate / (rate + 1)
    expected = 1 - (1 - alpha) ** np.arange(1, 20)
    np.testing.assert_allclose(run([0.0] + [1.0] * 19, PLAIN)[1:], expected, atol=1e-5)


def test_a_blink_lags_at_most_a_frame_and_stays_a_blink() -> None:
    """Lids 0.12 eye distances apart shut in 0.1 s, stay shut a frame, and open in 0.15 s; the pipeline's own filter."""
    lids = np.interp(np.arange(40) / FPS, [0.5, 0.6, 0.6 + 1 / FPS, 0.75 + 1 / FPS], [0.12, 0.0, 0.0, 0.12])
    out = run(lids, LANDMARK_FILTER)
    for below in (0.09, 0.06, 0.03):
        shut_at, shown_at = np.argmax(lids < below), np.argmax(out < below)
        assert shut_at <= shown_at <= shut_at + 1
    assert out.min() < 0.1 * 0.12
    opened = len(lids) - np.argmax(lids[::-1] < 0.06), len(out) - np.argmax(out[::-1] < 0.06)
    assert opened[1] - opened[0] <= 1


def test_trembling_is_reduced() -> None:
    """White noise of a thousandth of an eye distance per frame; a first-order low-pass leaves sqrt(a / (2 - a))."""
    noise = np.random.default_rng(0).normal(0, 0.001, 600)
    rate = 2 * np.pi * LANDMARK_FILTER.min_cutoff / FPS
    weight = rate / (rate + 1)
    resting = np.sqrt(weight / (2 - weight))  # beta can only let more through
    left = run(noise, LANDMARK_FILTER)[30:].std() / noise.std()
    assert 0.95 * resting < left < 1.25 * resting < 0.9


def test_quick_movement_lags_less_with_beta() -> None:
    ramp = np.arange(60) / FPS
    slow, quick = run(ramp, PLAIN), run(ramp, OneEuro(min_cutoff=1.0, beta=5.0))
    assert ramp[-1] - quick[-1] < 0.25 * (ramp[-1] - slow[-1])


def test_the_past_is_forgotten_after_a_gap_and_kept_before_it() -> None:
    state = start(f32(1.0), 0.0)
    assert smooth(state, f32(5.0), MAX_GAP + 0.01, PLAIN).value == 5
    assert 1 < float(smooth(state, f32(5.0), MAX_GAP - 0.01, PLAIN).value[0]) < 5


@pytest.mark.parametrize("at", [1.0, 0.5])
def test_a_sample_that_is_not_later_replaces_the_value(at: float) -> None:
    state = Smoothed(f32(1.0), f32(2.0), 1.0)
    after = smooth(state, f32(3.0), at, PLAIN)
    assert (after.value[0], after.speed[0], after.at) == (3.0, 2.0, 1.0)


def test_the_state_is_a_value() -> None:
    state = start(np.zeros((4, 3), np.float32), 0.0)
    once = smooth(state, np.ones((4, 3), np.float32), 0.1, PLAIN)
    again = smooth(state, np.ones((4, 3), np.float32), 0.1, PLAIN)
    np.testing.assert_array_equal(once.value, again.value)
    assert not state.value.any()
    assert once.value.dtype == np.float32


def test_values_in_other_units_are_smoothed_alike_by_betas_of_their_own() -> None:
    """The same movement, in degrees and in units of 45 of them."""
    movement = 30 * np.sin(np.arange(40) / 6) + np.random.default_rng(0).normal(0, 0.5, 40)
    state, units = None, np.array([1, 45], np.float32)
    for i, degrees in enumerate(movement):
        state = smooth(state, (degrees / units).astype(np.float32), i / 30, OneEuro(4.0, np.float32(0.8) * units))
        np.testing.assert_allclose(state.value[0], 45 * state.value[1], rtol=1e-4, atol=1e-4)
    assert state is not None
    assert abs(state.value[0] - movement[-1]) > 1e-3  # it did smooth

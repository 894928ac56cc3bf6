"""What the tools print, as steps."""

from __future__ import annotations

import pytest

from puppet.new_actor.steps import CHECK, EXPORT, TRAIN, Stage, mark, steps_of


def now(command: str, *log: str):
    (step,) = [one for one in steps_of(command, log) if one.stage is Stage.NOW]
    return step.label, step.share, step.seconds_left


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tracking: 0/600 frames (0 %)", ("tracking", 0.0, None)),
        ("tracking: 3/600 frames (0 %), 1.0/s, 59:00 left", ("tracking", 0.005, None)),  # a guess yet
        ("tracking: 120/600 frames (20 %), 60.0/s, 1:02:08 left", ("tracking", 0.2, 3728.0)),
        ("tracking: 120 frames, 60.0/s", ("tracking", None, None)),
        ("tracking: 600/600 frames (100 %) in 1:20", ("cutting", None, None)),
        ("cutting: 9/9 frames (100 %) in 0:02, loss 3", ("reporting", None, None)),
        ("reporting …", ("reporting", None, None)),
        ("Footage: a.mp4", ("tracking", None, None)),
        ("cutting: 99999999999999999999/1 frames", ("tracking", None, None)),
    ],
)
def test_the_newest_line_counts(line, expected):
    assert now("prepare", mark(["prepare", "x.mp4"]), line) == pytest.approx(expected)


def test_lines_of_the_command_before_and_of_libraries_do_not_count():
    old = [mark(["prepare", "x.mp4"]), "cutting: 9/9 frames (100 %) in 0:02"]
    assert now("train", *old) == (TRAIN[0], None, None)
    assert now("train", *old, mark(["train", "data.h5"])) == (TRAIN[0], None, None)
    shown = [*old, mark(["train", "data.h5"]), "training: 30/60 s (50 %), 1.0/s, 0:30 left, step 3", "torch: a warning"]
    assert now("train", *shown) == ("training", 0.5, 30.0)


def test_training_and_export_are_one_list():
    steps = steps_of("train", ["fitting the head: 69/138 numbers (50 %), 1.0/s, 1:09 left"])
    assert [step.label for step in steps] == [*TRAIN, *EXPORT]
    assert [step.stage for step in steps[:4]] == [Stage.DONE, Stage.NOW, Stage.LATER, Stage.LATER]
    steps = steps_of("export", ["converting the networks …"])
    assert [step.label for step in steps] == [*TRAIN, *EXPORT]
    assert [step.share for step in steps[: len(TRAIN)]] == [1.0] * len(TRAIN)
    assert steps[len(TRAIN)].stage is Stage.NOW
    assert [step.label for step in steps_of("prepare", [])] == list(CHECK)

"""The training loop on a planted data set."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_dataset import write_dataset
from tiny_model import TinyConfig, tiny_config

import models.training.trainer
from models.data.dataset import open_dataset, split_blocks
from models.networks.config import to_json
from models.training import checkpoint
from models.training.metrics_log import read_metrics
from models.training.run_folder import RunFacts, read_run_facts
from models.training.schedule import generator_of
from models.training.trainer import Overrides, Trainer, train
from puppet.core.errors import DataError
from puppet.process.signals import exit_code

pytestmark = pytest.mark.usefixtures("tiny_architecture")
ROOT = Path(__file__).resolve().parents[3]
SUPPORT = ROOT / "tests" / "support"


def rows_by(run: Path, kind: str) -> dict[int, dict]:
    rows = [row for row in read_metrics(run) if row["kind"] == kind]
    by_step = {row["step"]: row for row in rows}
    assert len(by_step) == len(rows), "a step was logged twice"
    return by_step


def test_a_run_learns_and_leaves_what_it_promises(data, tmp_path):
    run = tmp_path / "run"
    last = train(data, run, tiny_config(), driver_spec=str(data))
    assert last.step == 40
    curve = rows_by(run, "train")
    assert list(curve) == list(range(1, 41))
    assert set(curve[40]["terms"]) == {"squared", "kl"}
    assert curve[40]["loss"] == pytest.approx(sum(curve[40]["terms"].values()), rel=1e-5)
    late, early = (np.mean([curve[s]["loss"] for s in steps]) for steps in (range(31, 41), range(1, 11)))
    assert late < 0.8 * early
    assert list(rows_by(run, "evaluate")) == [5, 10, 15, 20, 25, 30, 35, 40]
    assert [p.name for p in sorted((run / "sheets").iterdir())] == ["step-00000020.png", "step-00000040.png"]
    assert json.loads((run / "run.json").read_text())["data"]["frames"] == 24


def test_same_seed_same_curve_other_seed_other_curve(data, tmp_path):
    curves = []
    for i, seed in enumerate((1, 1, 2)):
        train(data, tmp_path / str(i), tiny_config(6), Overrides(seed=seed), driver_spec=str(data))
        curves.append([row["loss"] for row in rows_by(tmp_path / str(i), "train").values()])
    assert curves[0] == pytest.approx(curves[1], rel=1e-6)
    assert curves[0] != pytest.approx(curves[2], rel=1e-3)


def test_resuming_after_kill_9_continues_the_same_curve(data, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train(data, whole, tiny_config(40), driver_spec=str(data))
    command = [sys.executable, str(SUPPORT / "tiny_model.py"), str(data), str(killed), "40", "25"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(ROOT)])}
    child = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert max(rows_by(killed, "train")) == 24  # four steps later than the checkpoint
    facts = read_run_facts(killed)
    (killed / "run.json").write_text(
        json.dumps({"config": to_json(replace(facts.config, model=TinyConfig())), "data": facts.data})
    )  # this time it is to live
    assert (killed / "lock").exists()  # nobody holds it
    last = train(data, killed, None, driver_spec=str(data))
    assert last.step == 40
    assert not (killed / "lock").exists()
    for kind in ("train", "evaluate"):
        expected, resumed = rows_by(whole, kind), rows_by(killed, kind)
        assert list(resumed) == list(expected)
        for step, row in expected.items():
            values, again = (r["terms"] if kind == "train" else r["metrics"] for r in (row, resumed[step]))
            assert again == pytest.approx(values, rel=1e-5), step
            assert resumed[step].get("lr") == row.get("lr")
    one, other = (checkpoint.load_model(run, "last")[0].state_dict() for run in (whole, killed))
    assert all(torch.allclose(one[name].float(), other[name].float(), atol=1e-6) for name in one)


def test_a_finished_run_can_be_given_more_steps(data, tmp_path):
    run = tmp_path / "run"
    train(data, run, tiny_config(10), driver_spec=str(data))
    assert train(data, run, None, driver_spec=str(data)).step == 10
    assert train(data, run, None, Overrides(steps=14), driver_spec=str(data)).step == 14
    assert list(rows_by(run, "train")) == list(range(1, 15))


def test_stopping_keeps_what_was_learnt(data, tmp_path):
    run = tmp_path / "run"
    with open_dataset(data) as dataset:
        trainer = Trainer(run, RunFacts(tiny_config(40), {}), dataset, torch.device("cpu"), None)
        run.mkdir()
        saved = trainer.fit(lambda loss: None, lambda: trainer.step == 7)
    assert saved.step == 7
    assert checkpoint.find(run) == saved


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(data, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(DataError, match=r"unstable at step 15: squared, total.*step-00000010") as stopped:
        train(data, run, tiny_config(40, TinyConfig(nan_at_call=15)), driver_spec=str(data))
    assert "smaller learning rate" in str(stopped.value)
    model, found = checkpoint.load_model(run, "last")
    assert found.step == 10
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_an_existing_run_is_not_overwritten(data, tmp_path):
    run = tmp_path / "run"
    train(data, run, tiny_config(2), driver_spec=str(data))
    before = (run / "metrics.jsonl").read_bytes()
    with pytest.raises(DataError, match=r"run: already exists; give --resume"):
        train(data, run, tiny_config(2), driver_spec=str(data))
    assert (run / "metrics.jsonl").read_bytes() == before


def test_a_start_that_fails_leaves_no_run(data, tmp_path):
    with pytest.raises(DataError, match="no such data set"):
        train(data, tmp_path / "run", tiny_config(2), driver_spec=str(tmp_path / "absent.h5"))
    assert not (tmp_path / "run").exists()


def test_resuming_what_is_not_there(data, tmp_path):
    with pytest.raises(DataError, match=r"run: no run to go on with"):
        train(data, tmp_path / "run", None, driver_spec=str(data))


def test_resuming_with_other_data_or_settings_is_refused(data, tmp_path):
    run = tmp_path / "run"
    train(data, run, tiny_config(2), driver_spec=str(data))
    other = write_dataset(tmp_path / "other.h5", n=30)
    with pytest.raises(DataError, match=r"other\.h5: is not the data set"):
        train(other, run, None, driver_spec=str(data))
    with pytest.raises(DataError, match=r"batch_size 4; a resumed run cannot change it to 8"):
        train(data, run, None, Overrides(batch_size=8), driver_spec=str(data))


def test_time_bounds_a_run(data, tmp_path, monkeypatch):
    """A clock that moves 1 s each time somebody looks: 0.5 minutes are over after some steps, whatever `steps` says."""
    clock = iter(range(10**6))
    monkeypatch.setattr(models.training.trainer.time, "perf_counter", lambda: float(next(clock)))
    last = train(data, tmp_path / "run", tiny_config(1000, minutes=0.5), driver_spec=str(data))
    assert 30 <= last.seconds <= 33
    assert 5 <= last.step < 30
    rates = [row["lr"] for row in rows_by(tmp_path / "run", "train").values()]
    assert rates[-1] < 0.1 * max(rates)  # the schedule follows the time that has passed


def test_the_clock_asks_for_checkpoints_too_and_the_curve_stays(data, tmp_path, monkeypatch):
    """Steps of 20 s: the first checkpoint within 60 s, then one within every 120 s, however far the next step is."""
    plain = tiny_config(40, checkpoint_every=500, evaluate_every=15)
    train(data, tmp_path / "plain", plain, driver_spec=str(data))
    clock = iter(range(10**6))
    written: list[tuple[float, float | None]] = []
    write = checkpoint.write

    def noted(run, step, seconds, score, *rest):
        written.append((seconds, score))
        return write(run, step, seconds, score, *rest)

    monkeypatch.setattr(models.training.trainer.time, "perf_counter", lambda: 10.0 * next(clock))
    monkeypatch.setattr(checkpoint, "write", noted)
    last = train(data, tmp_path / "run", plain, driver_spec=str(data))
    times = [seconds for seconds, _ in written]
    assert len(times) >= 6
    assert times[0] <= 60
    assert all(0 < later - earlier <= 120 for earlier, later in zip(times, times[1:], strict=False))
    assert {score for _, score in written[:-1]} == {None}  # none is judged out of turn
    assert last.score is not None
    for kind, value in (("train", "loss"), ("evaluate", "metrics")):
        expected, found = (rows_by(tmp_path / name, kind) for name in ("plain", "run"))
        assert {step: row[value] for step, row in found.items()} == {s: row[value] for s, row in expected.items()}


def test_a_last_step_that_the_clock_kept_is_judged(data, tmp_path, monkeypatch):
    monkeypatch.setattr(models.training.trainer, "checkpoint_is_due", lambda waited, last_step, first: True)
    last = train(data, tmp_path / "run", tiny_config(3, checkpoint_every=500), driver_spec=str(data))
    assert (last.step, last.score is not None) == (3, True)
    assert checkpoint.find(tmp_path / "run", "best") == last


@pytest.mark.skipif(sys.platform == "win32", reason="signals are different there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_keeps_what_was_learnt(data, tmp_path, monkeypatch, number):
    learn = Trainer._learn

    def signalled(self, batch):
        if self.step == 6:
            os.kill(os.getpid(), number)
            if number != signal.SIGINT:
                os.kill(os.getpid(), number)  # systems do not ask once
        return learn(self, batch)

    monkeypatch.setattr(Trainer, "_learn", signalled)
    with pytest.raises(KeyboardInterrupt) as stopped:
        train(data, tmp_path / "run", tiny_config(40), driver_spec=str(data))
    assert exit_code(stopped.value) == 128 + number
    found = checkpoint.find(tmp_path / "run")
    assert found is not None
    assert found.step == 7
    assert not (tmp_path / "run" / "lock").exists()


HOLD = """
import sys
from pathlib import Path
from models.training.run_folder import locked_run
with locked_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("resume", [False, True])
def test_of_two_trainings_in_one_folder_the_second_is_told_who_is_there(data, tmp_path, resume):
    run = tmp_path / "run"
    if resume:
        train(data, run, tiny_config(2), driver_spec=str(data))
    before = sorted(path for path in run.rglob("*")) if resume else None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=rf"run: is being trained in by process {other.pid} on .+ since \d{{4}}-"):
            train(data, run, None if resume else tiny_config(4), driver_spec=str(data))
        other.communicate("")
    assert (sorted(path for path in run.rglob("*")) if run.exists() else None) == before
    assert train(data, run, None if resume else tiny_config(2), driver_spec=str(data)).step == 2


def test_progress_is_the_further_of_steps_and_time(data, tmp_path):
    with open_dataset(data) as dataset:
        facts = RunFacts(tiny_config(100, minutes=2.0), {})
        trainer = Trainer(tmp_path / "run", facts, dataset, torch.device("cpu"), None)
    trainer.step, trainer.seconds = 50, 30.0
    assert trainer.progress == 0.5
    trainer.seconds = 90.0
    assert trainer.progress == 0.75


def test_evaluation_is_of_averaged_weights(data, tmp_path):
    run = tmp_path / "run"
    train(data, run, tiny_config(20, ema_decay=0.99), driver_spec=str(data))
    model, found = checkpoint.load_model(run, "last")
    with open_dataset(data) as dataset, torch.no_grad():
        _, held = split_blocks(len(dataset), dataset.time, 0.25)
        batch = model.make_batches(dataset, held, augment=False).batch(held, generator_of(0, 0, 0))
        psnr = model.evaluate(batch)["psnr"].mean().item()
    assert psnr == pytest.approx(found.metrics["psnr"], abs=1e-3)
    assert rows_by(run, "evaluate")[20]["metrics"]["psnr"] == found.score

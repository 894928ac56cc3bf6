"""metrics.jsonl goes on after the checkpoint that a run was resumed from."""

from __future__ import annotations

from models.training.metrics_log import MetricsLog, read_metrics


def test_metrics_after_the_checkpoint_and_a_torn_line_are_dropped(tmp_path):
    log = MetricsLog(tmp_path, 0)
    for step in range(1, 6):
        log.write(step, "train", loss=float(step))
    log.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "ki')
    assert [row["step"] for row in read_metrics(tmp_path)] == [1, 2, 3, 4, 5]
    log = MetricsLog(tmp_path, 3)
    log.write(4, "train", loss=40.0)
    log.close()
    assert [row["loss"] for row in read_metrics(tmp_path)] == [1.0, 2.0, 3.0, 40.0]

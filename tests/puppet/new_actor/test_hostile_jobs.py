"""Whatever is in the folder of a job: its state, or one exception with one line."""

from __future__ import annotations

import json

import pytest

from puppet.core.errors import PuppetError
from puppet.core.texts import is_plain
from puppet.new_actor import job as making
from puppet.storage.file_lock import acquire

HOSTILE_JOBS = {
    "an option": {"footage": ["--force"]},
    "a relative path": {"footage": ["x.mp4"]},
    "no list": {"footage": "/x.mp4"},
    "numbers": {"footage": [1]},
    "out of the folder": {"name": "../../x"},
    "alpha films that are no list": {"alpha": "/x.mp4"},
    "an option as alpha film": {"alpha": ["--force"]},
    "a control": {"name": "a\x1b"},
    "consent": {"consent": "\0"},
    "minutes": {"minutes": -1},
    "minutes too many": {"minutes": 1e30},
    "minutes as text": {"minutes": "5"},
}


@pytest.mark.parametrize("changes", HOSTILE_JOBS.values(), ids=HOSTILE_JOBS)
def test_hostile_jobs_are_none(tmp_path, changes):
    wish = {"footage": ["/x.mp4"], "name": "x", "consent": "y", "minutes": 5.0}
    (tmp_path / making.STATE).write_text('{"state": "checked"}')
    (tmp_path / making.JOB).write_text(json.dumps(wish))
    assert making.read_job(tmp_path).request.minutes == 5.0
    (tmp_path / making.JOB).write_text(json.dumps({**wish, **changes}))
    with pytest.raises(PuppetError, match="holds no actor in the making"):
        making.read_job(tmp_path)
    assert making.find_jobs(tmp_path.parent) is not None


@pytest.mark.parametrize(
    "told", ["[]", '{"state": "flying"}', '{"state": 3}', '{"state": "done", "actor": "\\u0000"}', "{}"]
)
def test_hostile_states_are_none(tmp_path, told):
    (tmp_path / making.JOB).write_text('{"footage": ["/x.mp4"]}')
    (tmp_path / making.STATE).write_text(told)
    with pytest.raises(PuppetError, match="holds no actor in the making"):
        making.read_job(tmp_path)


def test_hostile_logs_and_figures_of_a_job_are_left_out(tmp_path):
    (tmp_path / making.JOB).write_text('{"footage": ["/x.mp4"], "minutes": 5}')
    (tmp_path / making.STATE).write_text(json.dumps({"state": "training", "error": "\x1b[2J"}))
    (tmp_path / making.LOG).write_bytes(b"\x1b]0;evil\x07 training\xff\n")
    (tmp_path / making.REPORT).write_bytes(b"one\x1b\ntwo\xff")
    (tmp_path / making.RUN).mkdir()
    good = {"step": 1, "kind": "quality", "seconds": 3, "likeness": 0.5, "sharpness": 2}
    rows = [
        json.dumps(good),
        "[" * 10_000,
        "\x00",
        "[]",
        '{"step": 1}',
        '{"seconds": 1e999, "likeness": 1, "sharpness": 1}',
    ]
    for hostile in ("x", None, [], -1, 1e12, True):
        rows += [json.dumps({**good, name: hostile}) for name in ("seconds", "likeness", "sharpness")]
    rows.append('{"seconds": 1, "likeness": NaN, "sharpness": 1}')
    (tmp_path / making.RUN / making.QUALITY).write_text("\n".join(rows))
    with acquire(tmp_path / making.LOCK) or pytest.fail("locked"):
        job = making.read_job(tmp_path)
    assert job.quality == (making.Quality(3.0, 0.5, 2.0),)
    assert is_plain("".join(step.label for step in job.steps) + job.report, lines=True)
    assert "one" in job.report

"""Making an actor: the child process with planted tools, and what a later window finds."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_actor import tiny_actor

from puppet.actor.file import read_card
from puppet.core.errors import PuppetError
from puppet.new_actor import child
from puppet.new_actor import job as making
from puppet.new_actor.steps import Stage
from puppet.storage.file_lock import acquire, is_locked

# Stands for `puppet prepare`, `train` and `export`: does what NAME.json says, and notes what it was asked.
FAKE_TOOLS = """
import json, pathlib, shutil, signal, sys, time
here = pathlib.Path(__file__).parent
args = sys.argv[1:]
with (here / "asked.jsonl").open("a") as file:
    file.write(json.dumps(args) + "\\n")
plan = json.loads((here / "plan.json").read_text())
what = args[0]
out = pathlib.Path(args[args.index("-o") + 1])
if what == plan.get("fails"):
    print("error: planted trouble", file=sys.stderr)
    sys.exit(2)
if what == "prepare":
    print("tracking: 120/600 frames (20 %), 60.0/s, 0:08 left", flush=True)
    out.write_text("data")
    out.with_suffix(".report.txt").write_text("Verdict: good")
    shutil.copy(here / "sheet.png", out.with_suffix(".report.png"))
elif what == "train":
    stopped = []
    signal.signal(signal.SIGINT, lambda *a: stopped.append(1))
    out.mkdir(parents=True, exist_ok=True)
    (out / "run.json").write_text("{}")
    rows = [{"step": 10, "kind": "quality", "seconds": 30.0, "likeness": 0.5, "sharpness": 0.25},
            {"step": 20, "kind": "quality", "seconds": 60.0, "likeness": 0.75, "sharpness": 1.5}]
    (out / "quality.jsonl").write_text("".join(json.dumps(r) + "\\n" for r in rows) + '{"step": 30, "ki')
    shutil.copy(here / "sheet.png", out / "sample.png")
    print("training: 60/120 s (50 %), 1.0/s, 1:00 left, step 20", flush=True)
    if plan.get("learns", True):
        (out / "checkpoints" / "step-00000020").mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + plan.get("train_seconds", 0)
    while time.monotonic() < end and not stopped:
        time.sleep(0.02)
    sys.exit(130 if stopped else 0)
elif what == "export":
    shutil.copy(here / "made.actor", out)
"""


@pytest.fixture
def tools(tmp_path, monkeypatch) -> Path:
    """The folder of the planted tools; jobs and actors lie beside it."""
    monkeypatch.setenv("PUPPET_JOBS_DIR", str(tmp_path / "jobs"))
    monkeypatch.setenv("PUPPET_ACTORS_DIR", str(tmp_path / "actors"))
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "tools.py").write_text(FAKE_TOOLS)
    (folder / "sheet.png").write_bytes(b"a picture")
    tiny_actor(folder / "made.actor", name="carl", consent="Carl agreed.")
    plan(folder)
    # the child is another process: it takes the planted tools from this module
    starter = folder / "puppet_child.py"
    starter.write_text(
        "import sys\nfrom puppet.new_actor import child\n"
        f"child.work.__defaults__ = (({sys.executable!r}, {str(folder / 'tools.py')!r}),)\n"
        "sys.exit(child.main())\n"
    )
    monkeypatch.setattr(making, "CHILD", (str(starter),))
    return folder


def plan(folder: Path, **what) -> None:
    (folder / "plan.json").write_text(json.dumps(what))


def asked(folder: Path) -> list[list[str]]:
    return [json.loads(line) for line in (folder / "asked.jsonl").read_text().splitlines()]


def until(folder: Path, condition, seconds=120.0) -> making.Job:
    deadline = time.monotonic() + seconds
    while not condition(job := making.read_job(folder)):
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def over(job: making.Job) -> bool:
    return not job.running


def at_work(job: making.Job) -> bool:
    return any(step.stage is Stage.NOW and step.share for step in job.steps)


def test_from_footage_to_an_actor_in_the_list(tools, tmp_path):
    folder = making.begin([tmp_path / "talk.mp4", tmp_path / "turn.mp4"])
    job = until(folder, over)
    assert (job.state, job.report) == (making.JobState.CHECKED, "Verdict: good")
    assert job.report_picture == folder / "data.report.png"
    making.train(folder, "carl", " Carl agreed. ", 2)
    job = until(folder, over)
    assert (job.state, job.error) == (making.JobState.DONE, "")
    assert job.actor == tmp_path / "actors" / "carl.actor"
    assert read_card(tmp_path / "actors" / "carl.actor").consent == "Carl agreed."
    assert job.quality == (making.Quality(30.0, 0.5, 0.25), making.Quality(60.0, 0.75, 1.5))
    prepare, train, export = asked(tools)
    assert prepare == ["prepare", *[str(tmp_path / f"{n}.mp4") for n in ("talk", "turn")],
                       "-o", str(folder / "data.h5"), "--force"]  # fmt: skip
    run = str(folder / "run")
    assert train == ["train", str(folder / "data.h5"), "-o", run, "--minutes", "2"]
    assert export[:4] == ["export", run, "-o", str(folder / "carl.actor")]
    assert {"--consent=Carl agreed.", "--name=carl"} <= set(export)


def test_a_child_that_starts_slowly_was_not_interrupted(tools, tmp_path):
    """As on a busy machine; the window looks at the job all the while."""
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    starter = tools / "puppet_child.py"
    starter.write_text("import time; time.sleep(1)\n" + starter.read_text())
    starting = threading.Thread(target=making.train, args=(folder, "carl", "Carl agreed.", 2))
    starting.start()
    seen = set()
    while starting.is_alive():
        job = making.read_job(folder)
        seen.add((job.state, job.running, job.error))
        time.sleep(0.02)
    assert (making.JobState.TRAINING, True, "") in seen
    assert {state for state, *_ in seen} <= {making.JobState.CHECKED, making.JobState.TRAINING}
    assert until(folder, over).state is making.JobState.DONE


def test_a_training_is_followed_stopped_and_kept(tools, tmp_path):
    plan(tools, train_seconds=60)
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    making.train(folder, "carl", "Carl agreed.", 2)
    job = until(folder, at_work)
    assert (job.running, job.state, job.stopping) == (True, making.JobState.TRAINING, False)
    (now,) = [step for step in job.steps if step.stage is Stage.NOW]
    assert (now.label, now.share, now.seconds_left) == ("training", 0.5, 60.0)
    assert job.sample == folder / "run" / "sample.png"
    (found,) = making.find_jobs()  # as the next window does
    assert (found.folder, found.running, found.request.name) == (folder, True, "carl")
    for refused in (lambda: making.train(folder, "carl", "Carl agreed.", 2), lambda: making.discard(folder)):
        with pytest.raises(PuppetError):
            refused()
    making.stop(folder)
    assert making.read_job(folder).stopping or not making.read_job(folder).running
    job = until(folder, over)
    assert (job.state, job.stopping) == (making.JobState.DONE, False)
    assert job.actor is not None
    making.discard(folder)
    assert making.find_jobs() == []


def test_stopped_before_anything_was_learnt(tools, tmp_path):
    plan(tools, train_seconds=60, learns=False)
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    making.train(folder, "carl", "Carl agreed.", 2)
    until(folder, at_work)
    making.stop(folder)
    job = until(folder, over)
    assert job.state == making.JobState.FAILED
    assert "before anything was learnt" in job.error


@pytest.mark.parametrize("what", ["prepare", "train", "export"])
def test_what_a_tool_says_is_told(tools, tmp_path, what):
    plan(tools, fails=what)
    folder = making.begin([tmp_path / "talk.mp4"])
    job = until(folder, over)
    if what != "prepare":
        making.train(folder, "carl", "Carl agreed.", 2)
        job = until(folder, over)
    assert (job.state, job.error) == (making.JobState.FAILED, "planted trouble")
    plan(tools)
    making.train(folder, "carl", "Carl agreed.", 2)  # and goes on
    assert until(folder, over).state == making.JobState.DONE
    if what == "export":
        assert "--resume" in asked(tools)[-2]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_child_that_was_killed_is_found_as_interrupted_and_goes_on(tools, tmp_path):
    plan(tools, train_seconds=60)
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    making.train(folder, "carl", "Carl agreed.", 2)
    until(folder, at_work)
    os.killpg(int((folder / "pid").read_text()), signal.SIGKILL)
    job = until(folder, over)
    assert job.state == making.JobState.FAILED
    assert "can go on" in job.error
    plan(tools)
    making.train(folder, "carl", "Carl agreed.", 2)
    assert until(folder, over).state == making.JobState.DONE
    assert "--resume" in asked(tools)[-2]


def test_alpha_films_are_given_to_prepare_one_for_each_video(tools, tmp_path):
    with pytest.raises(PuppetError, match="2 videos need as many alpha films, not 1"):
        making.begin([tmp_path / "talk.mp4", tmp_path / "turn.mp4"], [tmp_path / "a.mp4"])
    folder = making.begin([tmp_path / "talk.mp4"], [tmp_path / "a.mp4"])
    until(folder, over)
    assert asked(tools)[0][-2:] == ["--alpha", str(tmp_path / "a.mp4")]
    making.train(folder, "carl", "Carl agreed.", 2)
    assert making.read_job(folder).request.alpha == (str(tmp_path / "a.mp4"),)
    until(folder, over)


def test_further_training_replaces_the_actor_and_keeps_the_one_of_before(tools, tmp_path):
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    making.train(folder, "carl", "Carl agreed.", 2)
    before = until(folder, over).actor
    assert before is not None
    content = before.read_bytes()
    tiny_actor(tools / "made.actor", name="carl", consent="Carl agreed again.")
    making.train_on(folder, 3)
    job = until(folder, over)
    assert (job.state, job.actor) == (making.JobState.DONE, before)
    assert read_card(before).consent == "Carl agreed again."
    _, train, _ = asked(tools)[-3:]
    assert train[-3:] == ["--minutes", "5", "--resume"]
    (kept,) = (before.parent / ".removed").iterdir()
    assert kept.read_bytes() == content
    (tools / "made.actor").write_bytes(b"no actor")
    making.train_on(folder, 3)
    job = until(folder, over)
    assert (job.state, job.actor) == (making.JobState.FAILED, before)
    assert read_card(before).consent == "Carl agreed again."


def test_no_consent_no_actor(tools, tmp_path):
    folder = making.begin([tmp_path / "talk.mp4"])
    until(folder, over)
    with pytest.raises(PuppetError, match="consent"):
        making.train(folder, "carl", "  ", 2)


def test_what_is_no_job_is_left_out(tools, tmp_path):
    for name, content in (("empty", None), ("torn", '{"footage": ['), ("other", "[]")):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        if content is not None:
            (tmp_path / "jobs" / name / making.JOB).write_text(content)
    assert making.find_jobs() == []


def test_a_lock_is_held_until_it_is_closed(tmp_path):
    path = tmp_path / "lock"
    assert not is_locked(path)
    held = acquire(path)
    assert held is not None
    assert is_locked(path)
    assert acquire(path) is None
    held.close()
    assert not is_locked(path)


def test_somebody_who_only_looks_does_not_keep_the_child_from_its_lock(tmp_path):
    looking = acquire(tmp_path / "lock")
    assert looking is not None
    threading.Timer(0.05, looking.close).start()
    held = acquire(tmp_path / "lock", timeout=30.0)
    assert held is not None
    held.close()


def test_the_reason_in_what_a_tool_printed():
    assert child.reason_in("x\nerror: first\nerror: second\ndone") == "second"
    assert child.reason_in("nothing") == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
def test_a_log_without_room_neither_stops_nor_silences_a_tool(tmp_path, monkeypatch):
    """It says more than a pipe holds, so it would hang if nobody listened."""
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=full, write=len, flush=lambda: None))
        talking = "print('x' * 300_000); print('error: the reason'); raise SystemExit(2)"
        with pytest.raises(PuppetError, match="the reason"):
            child.run(tmp_path, ["-c", talking], [sys.executable])
    log = tmp_path / "log.txt"
    assert making.last_lines(log) == []
    log.write_bytes(b"x" * 9000 + b"\nlast one \xff\n\n")
    assert making.last_lines(log)[-1].startswith("last one")
